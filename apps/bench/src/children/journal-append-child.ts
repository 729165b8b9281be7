import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { JOURNAL_LIMITS, type Journal, openSegmentJournal } from "@opendxa/pubsub-journal";
import { SEQUENTIAL_BLOCK_BYTES } from "../limits.js";
import { answerTask } from "../processes/child.js";
import { percentile } from "../statistics.js";
import type { Appended, AppendTask, SingleTimes } from "./append-task.js";
import { BareFile, TimedDisk } from "./timed-disk.js";

const timers = {
  setTimer: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
  clearTimer: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
};
const random = { bytes: randomBytes };

async function openJournal(disk: TimedDisk, folder: string): Promise<Journal> {
  return (await openSegmentJournal({ disk, folder, timers, random })).journal;
}

/** MB/s of 1 MiB writes, each synced. */
async function diskRate(folder: string, windowMs: number): Promise<number> {
  const path = join(folder, "bare");
  const file = await BareFile.create(new TimedDisk(), path);
  const block = randomBytes(SEQUENTIAL_BLOCK_BYTES);
  const begin = performance.now();
  let bytes = 0;
  while (performance.now() - begin < windowMs) {
    await file.append(block);
    bytes += block.length;
  }
  const seconds = (performance.now() - begin) / 1_000;
  await file.close();
  await rm(path);
  return bytes / 1e6 / seconds;
}

/** MB/s of appends, so many of which wait at any time: each lane appends anew when it is answered. */
async function journalRate(task: AppendTask, batchBytes: number): Promise<number> {
  const folder = join(task.folder, "journal");
  const journal = await openJournal(new TimedDisk(), folder);
  const bytes = Math.min(batchBytes, JOURNAL_LIMITS.entryBytesMax);
  const payload = randomBytes(bytes);
  const begin = performance.now();
  let appended = 0;
  const lane = async () => {
    while (performance.now() - begin < task.windowMs) {
      await journal.append([{ parts: [payload] }]);
      appended += bytes;
    }
  };
  await Promise.all(Array.from({ length: task.inFlight }, lane));
  const seconds = (performance.now() - begin) / 1_000;
  await journal.close();
  await rm(folder, { recursive: true });
  return appended / 1e6 / seconds;
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
  const journal = await openJournal(journalDisk, folder);
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
  await inTurn(Math.ceil(task.singles / 5));
  single.forget();
  bare.forget();
  await inTurn(task.singles);
  const measured = { single: single.result(), bare: bare.result() };
  await file.close();
  await journal.close();
  return measured;
}

async function append(task: AppendTask): Promise<Appended> {
  const batches: { journal: number; disk: number }[] = [];
  let before = await diskRate(task.folder, task.windowMs);
  for (const batchBytes of task.batchBytes) {
    const journal = await journalRate(task, batchBytes);
    const after = await diskRate(task.folder, task.windowMs);
    batches.push({ journal, disk: (before + after) / 2 });
    before = after;
  }
  return { batches, ...(await singles(task)) };
}

await answerTask(append);
