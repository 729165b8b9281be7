import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CRASH_MODES, SeededRandom, SimulatedDisk, VirtualClock } from "@opendxa/pubsub-simulated";
import type { JournalSubject } from "./contract.js";
import {
  type Disk,
  type Journal,
  type JournalEntry,
  type JournalLimits,
  NodeDisk,
  openSegmentJournal,
  type StoredEntry,
} from "./index.js";

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
};

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

export function entry(size: number, fill: number): JournalEntry {
  return { parts: [new Uint8Array(size).fill(fill)] };
}

export async function all(journal: Journal, from = 1n): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for await (const stored of journal.read({ from })) entries.push(stored);
  return entries;
}

export { CRASH_MODES };
