import { sortedRunKeysMax } from "./limits.js";
import { mergeRecords, type RecordBlock } from "./merge-records.js";
import type { StateChange } from "./state-change.js";

function byKey(a: StateChange, b: StateChange): number {
  return a.key < b.key ? -1 : 1;
}

/**
 * What changed since the last checkpoint. Sorted while it comes in, in runs small enough that
 * sorting one does not hold up publishing; writing it merges the runs.
 */
export class ChangedRecords {
  readonly #runs: StateChange[][] = [];
  #young = new Map<string, StateChange>();
  #size = 0;

  /** Changes held, of which a key that changes in several runs counts in each. */
  get size(): number {
    return this.#size + this.#young.size;
  }

  /** Takes a change; it replaces an earlier one of its key. */
  add(change: StateChange): void {
    this.#young.set(change.key, change);
    if (this.#young.size >= sortedRunKeysMax) this.#endRun();
  }

  /** All of it, sorted. Nothing may be added any more. */
  blocks(): AsyncIterable<RecordBlock> {
    this.#endRun();
    return mergeRecords(
      this.#runs.map((run) => [run]),
      { keepRemoved: true },
    );
  }

  #endRun(): void {
    if (this.#young.size === 0) return;
    this.#runs.push([...this.#young.values()].sort(byKey));
    this.#size += this.#young.size;
    this.#young = new Map();
  }
}
