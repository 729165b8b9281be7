import type { SeededRandom } from "./seeded-random.js";

/**
 * What a power cut leaves of changes that were never synced.
 * - `drop`: nothing.
 * - `keep`: everything (as after kill -9, where the page cache survives).
 * - `partial`: the first changes of each file and directory; of the one after them, a prefix.
 * - `reorder`: any of them: each 4 KiB page of a write and each change of a directory by itself.
 */
export type CrashMode = "drop" | "keep" | "partial" | "reorder";

/** Every crash mode, for tests that go through all of them. */
export const CRASH_MODES: readonly CrashMode[] = ["drop", "keep", "partial", "reorder"];

/** Bytes that a disk keeps or loses together. */
export const PAGE_BYTES = 4096;

/** Picks the changes that survive, in order. Only `partial` may split one, through `prefix`. */
export function survivors<Change>(
  changes: readonly Change[],
  mode: CrashMode,
  random: SeededRandom,
  prefix: (change: Change) => readonly Change[],
): readonly Change[] {
  switch (mode) {
    case "drop":
      return [];
    case "keep":
      return changes;
    case "partial": {
      const whole = random.nextInt(0, changes.length);
      const cut = changes[whole];
      const kept = changes.slice(0, whole);
      return cut === undefined ? kept : [...kept, ...prefix(cut)];
    }
    case "reorder":
      return changes.filter(() => random.nextBoolean());
  }
}
