import type { BatchRef } from "./batch-ref.js";
import type { Run } from "./run.js";

/** What differs from a fresh run, for events that a cursor's exceptions speak of. */
export type RunFate = Pick<Run, "state" | "attempts" | "atMs" | "reason">;

const fresh: RunFate = { state: "ready", attempts: 0, atMs: 0, reason: "" };

function bitsOfByte(value: number): number {
  let bits = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) bits += 1;
  return bits;
}

/** Set bits in [first, last] of a bitmap; whole bytes at a time. */
function bitsBetween(bitmap: Uint8Array, first: number, last: number): number {
  const firstByte = first >>> 3;
  const lastByte = last >>> 3;
  let total = 0;
  for (let at = firstByte; at <= lastByte; at += 1) {
    let byte = bitmap[at] ?? 0;
    if (at === firstByte) byte &= 0xff << (first & 7);
    if (at === lastByte) byte &= 0xff >>> (7 - (last & 7));
    total += bitsOfByte(byte);
  }
  return total;
}

/** A batch at or above the cursor, with its events as runs. */
export class BatchSlot {
  /** The batch. */
  readonly ref: BatchRef;
  /** Place in the order of batches, times 65,536: with an index added, the order of events. */
  readonly order: number;
  /** Ascending, disjoint, covering the batch. */
  runs: Run[] = [];

  constructor(ref: BatchRef, ordinal: number) {
    this.ref = ref;
    this.order = ordinal * 65_536;
  }

  /** Index of the last event within the entry. */
  get lastIndex(): number {
    return this.ref.firstIndex + this.ref.count - 1;
  }

  /** Events in [first, last], excluded ones left out. */
  countOf(first: number, last: number): number {
    const { excluded, firstIndex } = this.ref;
    const span = last - first + 1;
    return excluded.length === 0
      ? span
      : span - bitsBetween(excluded, first - firstIndex, last - firstIndex);
  }

  /** Whether an event was refused or a duplicate. */
  isExcluded(index: number): boolean {
    const bit = index - this.ref.firstIndex;
    return (((this.ref.excluded[bit >>> 3] ?? 0) >>> (bit & 7)) & 1) === 1;
  }

  /** Adds a run behind the others; used once, to fill the slot. */
  append(first: number, last: number, fate: RunFate = fresh): Run {
    const run = this.#make(first, last, fate);
    this.runs.push(run);
    return run;
  }

  /** Place in `runs` of the run that holds an index. */
  placeOf(index: number): number {
    let low = 0;
    let high = this.runs.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.runs[middle] as Run).last < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the first event that is not settled. */
  firstUnsettled(): number | undefined {
    return this.runs.find((run) => run.state !== "settled")?.first;
  }

  /**
   * Cuts a run so that [first, last] is a run of its own. The parts have the fate of the whole,
   * which is gone afterwards; a part of excluded events only counts as settled.
   *
   * @returns the parts in order and which of them is the wanted one; one part when nothing was cut
   */
  cut(
    run: Run,
    first: number,
    last: number,
  ): { readonly parts: readonly Run[]; readonly part: Run } {
    if (run.first === first && run.last === last) return { parts: [run], part: run };
    const part = this.#make(first, last, run);
    const parts = [part];
    if (run.first < first) parts.unshift(this.#make(run.first, first - 1, run));
    if (last < run.last) parts.push(this.#make(last + 1, run.last, run));
    this.runs.splice(this.placeOf(run.first), 1, ...parts);
    run.state = "gone";
    return { parts, part };
  }

  /** Joins settled neighbours around and inside [first, last]. */
  mergeSettled(first: number, last: number): void {
    const from = Math.max(0, this.placeOf(first) - 1);
    const to = Math.min(this.runs.length - 1, this.placeOf(last) + 1);
    const joined: Run[] = [];
    for (let at = from; at <= to; at += 1) {
      const run = this.runs[at] as Run;
      const before = joined.at(-1);
      if (before?.state === "settled" && run.state === "settled") {
        joined[joined.length - 1] = this.#make(before.first, run.last, before);
      } else {
        joined.push(run);
      }
    }
    if (joined.length > to - from) return;
    this.runs = [...this.runs.slice(0, from), ...joined, ...this.runs.slice(to + 1)];
  }

  #make(first: number, last: number, fate: RunFate & { lease?: Run["lease"] }): Run {
    const count = this.countOf(first, last);
    const state = count === 0 ? "settled" : fate.state;
    const { attempts, atMs, reason } = fate;
    const lease = state === "leased" ? fate.lease : undefined;
    return { slot: this, first, last, count, state, attempts, atMs, reason, lease };
  }
}
