import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom, SimulatedDisk, VirtualClock } from "@opendxa/pubsub-simulated";
import type { JournalSubject } from "../contract.js";
import {
  type Disk,
  type Journal,
  type JournalEntry,
  JournalError,
  type JournalLimits,
  NodeDisk,
  type OpenedJournal,
  openSegmentJournal,
  type SequenceRange,
  type StoredEntry,
} from "../index.js";

export const FOLDER = "/data/default/journal";

/** Small bounds, so that little data crosses segments, commits and caches. */
export const SMALL: Partial<JournalLimits> = {
  entryBytesMax: 2048,
  commitBytesMax: 4096,
  queuedBytesMax: 16_384,
  unsyncedBytesMax: 4096,
  segmentBytes: 8192,
  tailCacheBytesMax: 2000,
  openSegmentsMax: 2,
  rewriteBytesMin: 1000,
};

/** Lets everything run that the simulated disk holds up, which is promises only. */
export function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function simulatedSubject(limits: Partial<JournalLimits>): JournalSubject {
  const disk: Disk = new SimulatedDisk({ seed: 1 });
  return {
    open: async () => {
      const timers = new VirtualClock();
      const random = new SeededRandom(2);
      return (await openSegmentJournal({ disk, folder: FOLDER, timers, random, limits })).journal;
    },
    dispose: async () => undefined,
  };
}

export async function nodeSubject(limits: Partial<JournalLimits>): Promise<JournalSubject> {
  const root = await mkdtemp(join(tmpdir(), "journal-"));
  return {
    open: async () => {
      const opened = await openSegmentJournal({
        disk: new NodeDisk(),
        folder: join(root, "data", "journal"),
        timers: new VirtualClock(),
        random: { bytes: (length) => randomBytes(length) },
        limits,
      });
      return opened.journal;
    },
    dispose: () => rm(root, { recursive: true }),
  };
}

/** A journal on a simulated disk with its clock, opened with small bounds. */
export async function simulated(
  options: { disk?: SimulatedDisk; limits?: Partial<JournalLimits> } = {},
): Promise<OpenedJournal & SimulatedPlace> {
  const disk = options.disk ?? new SimulatedDisk({ seed: 1 });
  const clock = new VirtualClock();
  const failures: JournalError[] = [];
  const rewriteErrors: JournalError[] = [];
  const opened = await openSegmentJournal({
    disk,
    folder: FOLDER,
    timers: clock,
    random: new SeededRandom(disk.operations + 1),
    limits: { ...SMALL, ...options.limits },
    onFailure: (error) => failures.push(error),
    onRewriteError: (error) => rewriteErrors.push(error),
  });
  return { ...opened, disk, clock, failures, rewriteErrors };
}

/** What a simulated journal lives in. */
export interface SimulatedPlace {
  readonly disk: SimulatedDisk;
  readonly clock: VirtualClock;
  readonly failures: JournalError[];
  readonly rewriteErrors: JournalError[];
}

export async function errorOf(promise: Promise<unknown>): Promise<JournalError> {
  const error = await promise.then(
    () => undefined,
    (rejection: unknown) => rejection,
  );
  if (error instanceof JournalError) return error;
  throw new Error(`expected a JournalError, not ${String(error)}`);
}

export function entry(size: number, fill: number): JournalEntry {
  return { parts: [new Uint8Array(size).fill(fill)] };
}

export async function all(journal: Journal, from = 1n): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for await (const stored of journal.read({ from })) entries.push(stored);
  return entries;
}

/** The one sequence as a range. */
export function one(sequence: bigint): SequenceRange {
  return { first: sequence, last: sequence };
}

/** Entries of 1900 bytes, four to a segment: 1 to 4, 5 to 8, 9 to 12. */
export async function twelve(
  options: Parameters<typeof simulated>[0] = {},
): Promise<{ journal: Journal } & SimulatedPlace> {
  const place = await simulated(options);
  for (let at = 1; at <= 12; at += 1) await place.journal.append([entry(1900, at)]);
  return place;
}

export async function sequences(journal: Journal): Promise<bigint[]> {
  return (await all(journal)).map(({ sequence }) => sequence);
}
