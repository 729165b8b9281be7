import { RetryCause } from "@opendxa/pubsub-protocol";
import type { BatchRef } from "./batch-ref.js";
import type { LaneState } from "./lane-state.js";
import type { Run } from "./run.js";

/** What differs from a fresh run, for events that a cursor's exceptions speak of. */
export type RunFate = Pick<Run, "state" | "attempts" | "atMs" | "reason">;

/** What a part of a run has of the whole. */
type RunSource = RunFate &
  Pick<Run, "expireMs"> &
  Partial<Pick<Run, "cause" | "failedIn" | "lease">>;

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
  /** The lane that it is in. */
  readonly lane: LaneState;
  /** Place in the order of batches, times 65,536: with an index added, the order of events. */
  readonly order: number;
  /** Ascending, disjoint, covering the batch. */
  runs: Run[] = [];

  constructor(ref: BatchRef, lane: LaneState, ordinal: number) {
    this.ref = ref;
    this.lane = lane;
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

  /** The index of the `nth` event of a run, from 1. */
  indexOfEvent(run: Run, nth: number): number {
    if (this.ref.excluded.length === 0) return run.first + nth - 1;
    let seen = 0;
    for (let index = run.first; ; index += 1) {
      if (!this.isExcluded(index)) seen += 1;
      if (seen === nth) return index;
    }
  }

  /** Adds a run behind the others; used once, to fill the slot. */
  append(
    first: number,
    last: number,
    fate: RunFate = fresh,
    expireMs = Number.POSITIVE_INFINITY,
  ): Run {
    const { state, attempts, atMs, reason } = fate;
    const run = this.#make(first, last, { state, attempts, atMs, reason, expireMs });
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

  /** The runs that overlap [first, last], a copy. */
  runsIn(first: number, last: number): Run[] {
    return this.runs.slice(this.placeOf(first), this.placeOf(last) + 1);
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
      if (run.state === "settled") at = this.#lastSettled(at, to);
      joined.push(this.#joined(run, this.runs[at] as Run));
    }
    if (joined.length > to - from) return;
    if (from === 0 && to === this.runs.length - 1) this.runs = joined;
    else this.runs = [...this.runs.slice(0, from), ...joined, ...this.runs.slice(to + 1)];
  }

  /** Place of the last run of the settled ones that begin at a place. */
  #lastSettled(from: number, to: number): number {
    let last = from;
    while (last < to && this.runs[last + 1]?.state === "settled") last += 1;
    return last;
  }

  #joined(from: Run, to: Run): Run {
    return from === to ? from : this.#make(from.first, to.last, from);
  }

  #make(first: number, last: number, source: RunSource): Run {
    const count = this.countOf(first, last);
    const state = count === 0 ? "settled" : source.state;
    return {
      slot: this,
      first,
      last,
      count,
      state,
      attempts: source.attempts,
      atMs: source.atMs,
      reason: source.reason,
      cause: source.cause ?? RetryCause.UNSPECIFIED,
      failedIn: source.failedIn ?? 0,
      lease: state === "leased" ? source.lease : undefined,
      expireMs: source.expireMs,
      isTimed: false,
      key: undefined,
      before: undefined,
      after: undefined,
    };
  }
}
