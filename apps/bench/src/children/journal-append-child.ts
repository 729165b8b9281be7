import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { JOURNAL_LIMITS, type Journal, openJournal } from "@opendxa/pubsub-journal";
import { SEQUENTIAL_BLOCK_BYTES } from "../limits.js";
import { answerTask } from "../processes/child.js";
import { percentile } from "../statistics.js";
import type { Appended, AppendedBatches, AppendTask, SingleTimes } from "./append-task.js";
import { BareFile, TimedDisk } from "./timed-disk.js";

const timers = {
  setTimer: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
  clearTimer: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
};
const random = { bytes: randomBytes };

async function openIn(folder: string, { kind }: AppendTask, disk: TimedDisk): Promise<Journal> {
  return (await openJournal({ kind, disk, folder, timers, random })).journal;
}

/** Slices of a window: the disk's moods last longer than one of them. */
const SLICES = 4;

/** What was written in how long. */
class Rate {
  #bytes = 0;
  #ms = 0;

  /** Runs one slice, which answers its bytes. */
  async slice(run: () => Promise<number>): Promise<void> {
    const begin = performance.now();
    this.#bytes += await run();
    this.#ms += performance.now() - begin;
  }

  get ms(): number {
    return this.#ms;
  }

  get megabytesPerSecond(): number {
    return this.#bytes / 1e6 / (this.#ms / 1_000);
  }
}

/** 1 MiB writes, each synced. Answers the bytes. */
async function writeBlocks(file: BareFile, block: Buffer, sliceMs: number): Promise<number> {
  const begin = performance.now();
  let bytes = 0;
  while (performance.now() - begin < sliceMs) {
    await file.append(block);
    bytes += block.length;
  }
  return bytes;
}

/** Appends, so many of which wait at any time: each lane appends anew when it is answered. */
async function appendBatches(
  journal: Journal,
  payload: Buffer,
  { inFlight, sliceMs }: { readonly inFlight: number; readonly sliceMs: number },
): Promise<number> {
  const begin = performance.now();
  let bytes = 0;
  const lane = async () => {
    while (performance.now() - begin < sliceMs) {
      await journal.append([{ parts: [payload] }]);
      bytes += payload.length;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return bytes;
}

/** Journal and bare disk in turn, for one size of batches. */
async function batches(task: AppendTask, batchBytes: number): Promise<AppendedBatches> {
  const folder = join(task.folder, "batches");
  const disk = new TimedDisk();
  const journal = await openIn(folder, task, disk);
  const path = join(task.folder, "bare");
  const file = await BareFile.create(new TimedDisk(), path);
  const block = randomBytes(SEQUENTIAL_BLOCK_BYTES);
  const payload = randomBytes(Math.min(batchBytes, JOURNAL_LIMITS.entryBytesMax));
  const options = { inFlight: task.inFlight, sliceMs: task.windowMs / SLICES };
  const [appended, written] = [new Rate(), new Rate()];
  let diskMs = 0;
  for (let slice = 0; slice < SLICES; slice += 1) {
    await written.slice(() => writeBlocks(file, block, options.sliceMs));
    // The journal marks itself as synced while it is idle; that is not part of its appends.
    const before = disk.writeMs + disk.syncMs;
    await appended.slice(() => appendBatches(journal, payload, options));
    diskMs += disk.writeMs + disk.syncMs - before;
  }
  const ownShare = 1 - diskMs / appended.ms;
  await file.close();
  await journal.close();
  await rm(path);
  await rm(folder, { recursive: true });
  return {
    journal: appended.megabytesPerSecond,
    disk: written.megabytesPerSecond,
    ownShare,
  };
}

/** Times one kind of write, with the share of the disk's two calls. */
class SingleTimer {
  readonly #disk: TimedDisk;
  readonly #write: () => Promise<unknown>;
  readonly #times: number[] = [];

  constructor(disk: TimedDisk, write: () => Promise<unknown>) {
    this.#disk = disk;
    this.#write = write;
  }

  async once(): Promise<void> {
    const begin = performance.now();
    await this.#write();
    this.#times.push(performance.now() - begin);
  }

  forget(): void {
    this.#times.length = 0;
    this.#disk.writeMs = 0;
    this.#disk.syncMs = 0;
  }

  result(): SingleTimes {
    const count = this.#times.length;
    return {
      p50: percentile(this.#times, 0.5),
      p99: percentile(this.#times, 0.99),
      mean: this.#times.reduce((sum, time) => sum + time, 0) / count,
      writeMean: this.#disk.writeMs / count,
      syncMean: this.#disk.syncMs / count,
    };
  }
}

/** An append and a bare write in turn, so that the disk's moods hit both alike and no journal is idle. */
async function singles(task: AppendTask): Promise<Pick<Appended, "single" | "bare">> {
  const payload = randomBytes(task.singleBytes);
  const journalDisk = new TimedDisk();
  const bareDisk = new TimedDisk();
  const folder = join(task.folder, "single");
  const journal = await openIn(folder, task, journalDisk);
  const file = await BareFile.create(bareDisk, join(task.folder, "single-bare"));
  const single = new SingleTimer(journalDisk, () => journal.append([{ parts: [payload] }]));
  const bare = new SingleTimer(bareDisk, () => file.append(payload));
  const inTurn = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      const [first, second] = index % 2 === 0 ? [single, bare] : [bare, single];
      await first.once();
      await second.once();
    }
  };
  await inTurn(task.singlesBefore);
  single.forget();
  bare.forget();
  await inTurn(task.singles);
  const measured = { single: single.result(), bare: bare.result() };
  await file.close();
  await journal.close();
  return measured;
}

async function append(task: AppendTask): Promise<Appended> {
  const sizes: AppendedBatches[] = [];
  for (const batchBytes of task.batchBytes) sizes.push(await batches(task, batchBytes));
  return { batches: sizes, ...(await singles(task)) };
}

await answerTask(append);
