import { randomFillSync } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  DISK_BYTES_MAX,
  DISK_MEASURE_MS,
  SEQUENTIAL_BLOCK_BYTES,
  SYNC_BLOCK_BYTES,
} from "./limits.js";
import type { Ceiling, Figure } from "./report/result.js";
import { percentile } from "./statistics.js";

/** What the disk does by itself, one writer, one write and one fdatasync at a time. */
export interface DiskFigures {
  /** Appended in blocks of 1 MiB, each synced; units of 1,000,000 bytes a second. */
  readonly megabytesPerSecond: number;
  /** fdatasync after each appended 4 KiB, in milliseconds, p50. */
  readonly syncMsP50: number;
  /** The same, p99. */
  readonly syncMsP99: number;
}

/** The disk's own figures of every round: no journal on it can do better. */
export class DiskCeilings {
  readonly #folder: string;
  readonly #rounds: DiskFigures[] = [];

  /** Measures the disk that holds the folder. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Measures once more, and leaves nothing behind. Stands in every round, beside what it is for. */
  async measure(): Promise<DiskFigures> {
    const measured = await measureDisk(this.#folder);
    this.#rounds.push(measured);
    return measured;
  }

  /** Sequential MB/s, as the ceiling of a rate in MB/s. */
  get rate(): Ceiling {
    return { name: "disk", values: this.#rounds.map((round) => round.megabytesPerSecond) };
  }

  /** fdatasync p50, beside a latency in ms. */
  get syncP50(): Ceiling {
    return { name: "fdatasync p50", values: this.#rounds.map((round) => round.syncMsP50) };
  }

  /** fdatasync p99, beside a latency in ms. */
  get syncP99(): Ceiling {
    return { name: "fdatasync p99", values: this.#rounds.map((round) => round.syncMsP99) };
  }

  /** The same as figures of their own. */
  figures(): Figure[] {
    return [
      { name: "disk, 1 MiB append + fdatasync", unit: "MB/s", values: this.rate.values },
      { name: "disk, fdatasync of 4 KiB p50", unit: "ms", values: this.syncP50.values },
      { name: "disk, fdatasync of 4 KiB p99", unit: "ms", values: this.syncP99.values },
    ];
  }
}

async function measureDisk(folder: string): Promise<DiskFigures> {
  const large = await writeAndSync(folder, SEQUENTIAL_BLOCK_BYTES);
  const small = await writeAndSync(folder, SYNC_BLOCK_BYTES);
  return {
    megabytesPerSecond: large.bytes / 1e6 / (large.elapsedMs / 1_000),
    syncMsP50: percentile(small.syncMs, 0.5),
    syncMsP99: percentile(small.syncMs, 0.99),
  };
}

interface Written {
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly syncMs: readonly number[];
}

async function writeAndSync(folder: string, blockBytes: number): Promise<Written> {
  const path = join(folder, "disk-figures.tmp");
  const file = await open(path, "w");
  try {
    return await appendBlocks(file, randomFillSync(Buffer.alloc(blockBytes)));
  } finally {
    await file.close();
    await rm(path);
  }
}

async function appendBlocks(file: FileHandle, block: Buffer): Promise<Written> {
  const syncMs: number[] = [];
  const begin = performance.now();
  let bytes = 0;
  let now = begin;
  while (now - begin < DISK_MEASURE_MS && bytes < DISK_BYTES_MAX) {
    await file.write(block, 0, block.length, bytes);
    const written = performance.now();
    await file.datasync();
    now = performance.now();
    syncMs.push(now - written);
    bytes += block.length;
  }
  return { bytes, elapsedMs: now - begin, syncMs };
}
