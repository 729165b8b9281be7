import {
  type Extension,
  type IndexRange,
  type Nack,
  type PositionRanges,
  RetryCause,
  type Settlement,
  Verdict,
} from "@opendxa/pubsub-protocol";
import { backoffMs } from "./backoff.js";
import type { BatchRef } from "./batch-ref.js";
import type { BatchSlot } from "./batch-slot.js";
import type { BatchTraits } from "./batch-traits.js";
import { type DeliveryParts, laneStateOf } from "./delivery-parts.js";
import type { Lease } from "./lease.js";
import { covers } from "./lease-table.js";
import { exceptionsMax, settlementRunsMax } from "./limits.js";
import type { Run } from "./run.js";
import { ackRun, failRun } from "./run-changes.js";
import { requireAtMost } from "./settlement-rules.js";
import { VerdictList } from "./verdict-list.js";

/** Time and randomness of one call. */
export interface Moment {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** A random value in [0, 1). */
  readonly jitter: () => number;
}

/** What a settlement wants of events: acks may come late, the others need the lease. */
interface Wish {
  readonly item: PositionRanges;
  readonly kind: "ack" | "nack" | "extension";
  readonly act: (run: Run) => void;
}

/** A batch that a settlement names and that was not looked at yet, as the index has it. */
export interface AbsentBatch {
  /** The batch. */
  readonly ref: BatchRef;
  /** Needed with order KEY only. */
  readonly traits?: BatchTraits;
}

interface SlotSpan extends IndexRange {
  readonly slot: BatchSlot;
}

/** Where a batch is that a settlement names. */
interface PlacedSlot {
  readonly slot: BatchSlot;
  readonly place: "resident" | "ahead" | "passed";
}

/** A late ack of an event with a key is too late while an earlier event of the key is unsettled. */
function isFirstOfKey({ key, before, slot, first }: Run, span: IndexRange): boolean {
  if (key === undefined) return true;
  return (
    before === undefined && (first === span.first || slot.countOf(first, span.first - 1) === 0)
  );
}

/** Settles events of a batch that was not looked at yet. */
function settleAhead(run: Run): void {
  const { lane } = run.slot;
  lane.pending.ack(run);
  lane.settleAhead(run);
  run.state = "settled";
}

/** Carries one settlement out. */
export class Settler {
  readonly #parts: DeliveryParts;
  readonly #consumerId: bigint | undefined;
  readonly #moment: Moment;
  readonly #verdicts = new VerdictList();
  readonly #givenBack = new Map<Run, bigint>();
  #absent: readonly AbsentBatch[] = [];
  #runsTouched = 0;
  #toMerge: SlotSpan[] = [];

  constructor(parts: DeliveryParts, consumerId: bigint | undefined, moment: Moment) {
    this.#parts = parts;
    this.#consumerId = consumerId;
    this.#moment = moment;
  }

  /**
   * Extensions, then acks, then nacks, so that an event may be kept and given back at once; answers
   * what was not carried out.
   *
   * @param absent batches that are not resident, as the engine found them
   */
  settle(
    { acks, nacks, extensions }: Settlement,
    absent: readonly AbsentBatch[],
  ): VerdictList["exceptions"] {
    this.#absent = absent;
    for (const extension of extensions) this.#extend(extension);
    for (const item of acks) {
      this.#carryOut({ item, kind: "ack", act: (run) => ackRun(this.#parts, run) });
    }
    for (const nack of nacks) this.#nack(nack);
    return this.#verdicts.exceptions;
  }

  #nack({ events: item, delayMs, reason }: Nack): void {
    if (item === undefined) return;
    const { retry } = this.#parts.settings;
    const { nowMs } = this.#moment;
    const jitter = delayMs === undefined ? this.#moment.jitter() : 0;
    const act = (run: Run) => {
      const dueMs = nowMs + (delayMs ?? backoffMs(retry, run.attempts + 1, jitter));
      const givenBack = this.#givenBack;
      failRun(this.#parts, run, { nowMs, dueMs, cause: RetryCause.NACK, reason, givenBack });
    };
    this.#carryOut({ item, kind: "nack", act });
  }

  #extend({ events: item, deadlineMs }: Extension): void {
    if (item === undefined) return;
    const endMs = this.#moment.nowMs + (deadlineMs || this.#parts.settings.ackDeadlineMs);
    const act = (run: Run) => {
      const { book } = run.slot.lane;
      book.leave(run);
      run.atMs = endMs;
      book.enter(run);
    };
    this.#carryOut({ item, kind: "extension", act });
  }

  #carryOut(wish: Wish): void {
    const { item } = wish;
    const { leases } = this.#parts;
    const lease = leases.find(item.lease);
    const isForeign = lease !== undefined && lease.slot.ref.sequence !== item.sequence;
    if (isForeign || !leases.mayCover(item.lease)) {
      this.#refuse(item, Verdict.UNKNOWN);
    } else if (leases.isFromBefore(item.lease)) {
      this.#refuse(item, Verdict.STALE);
    } else if (item.ranges.length > 0) {
      for (const range of item.ranges) this.#range(wish, range, lease);
    } else if (lease === undefined) {
      this.#refuse(item, Verdict.STALE);
    } else {
      for (const span of lease.spans) this.#range(wish, span, lease);
    }
    this.#merge();
  }

  /** Once an item and batch: merging rebuilds the batch's runs. */
  #merge(): void {
    const bounds = new Map<BatchSlot, IndexRange>();
    for (const { slot, first, last } of this.#toMerge) {
      const before = bounds.get(slot) ?? { first, last };
      bounds.set(slot, {
        first: Math.min(first, before.first),
        last: Math.max(last, before.last),
      });
    }
    this.#toMerge = [];
    for (const [slot, { first, last }] of bounds) slot.mergeSettled(first, last);
  }

  #refuse(item: PositionRanges, verdict: Verdict): void {
    if (item.ranges.length === 0) this.#verdicts.addWhole(item, verdict);
    for (const range of item.ranges) this.#verdicts.add(item, range, verdict);
  }

  #range(wish: Wish, range: IndexRange, lease: Lease | undefined): void {
    const { item } = wish;
    if (range.first > range.last) {
      this.#verdicts.add(item, range, Verdict.UNKNOWN);
      return;
    }
    let next = range.first;
    for (const { slot, place } of this.#slotsOf(item.sequence, lease)) {
      const first = Math.max(next, slot.ref.firstIndex);
      const last = Math.min(range.last, slot.lastIndex);
      if (first > last) continue;
      this.#outside(item, { first: next, last: first - 1 }, lease);
      if (place === "resident") this.#slot(wish, slot, { first, last }, lease);
      else if (place === "ahead") this.#slotAhead(wish, slot, { first, last });
      else this.#verdicts.add(item, { first, last }, Verdict.STALE);
      next = last + 1;
    }
    this.#outside(item, { first: next, last: range.last }, lease);
  }

  /** The batches of an entry, resident or found by the engine, in order. */
  #slotsOf(sequence: bigint, lease: Lease | undefined): PlacedSlot[] {
    if (lease !== undefined) return [{ slot: lease.slot, place: "resident" }];
    const found: PlacedSlot[] = [];
    for (const { slots } of this.#parts.lanes) {
      for (const slot of slots.ofSequence(sequence)) found.push({ slot, place: "resident" });
    }
    for (const { ref } of this.#absent) {
      const lane = laneStateOf(this.#parts, ref);
      if (ref.sequence !== sequence || lane.slots.at(sequence, ref.firstIndex) !== undefined) {
        continue;
      }
      found.push({ slot: lane.slotAhead(ref), place: lane.isAhead(ref) ? "ahead" : "passed" });
    }
    return found.sort((a, b) => a.slot.ref.firstIndex - b.slot.ref.firstIndex);
  }

  /** What no batch has lies below the cursors, or nowhere. */
  #outside(item: PositionRanges, range: IndexRange, lease: Lease | undefined): void {
    if (range.first > range.last) return;
    const passed = lease === undefined ? Math.min(range.last, this.#lastPassed(item.sequence)) : -1;
    const stale = { first: range.first, last: passed };
    if (stale.first <= stale.last) this.#verdicts.add(item, stale, Verdict.STALE);
    const unknown = { first: Math.max(range.first, passed + 1), last: range.last };
    if (unknown.first <= unknown.last) this.#verdicts.add(item, unknown, Verdict.UNKNOWN);
  }

  /** The last index of an entry that every lane's cursor passed; -1 when one passed none. */
  #lastPassed(sequence: bigint): number {
    let last = Number.POSITIVE_INFINITY;
    for (const lane of this.#parts.lanes) {
      const cursor = lane.position();
      if (sequence < cursor.sequence) continue;
      last = Math.min(last, sequence === cursor.sequence ? cursor.index - 1 : -1);
    }
    return last;
  }

  #slot(wish: Wish, slot: BatchSlot, span: IndexRange, lease: Lease | undefined): void {
    const runs = slot.runsIn(span.first, span.last);
    this.#work(runs.length);
    for (const run of runs) {
      const first = Math.max(span.first, run.first);
      const last = Math.min(span.last, run.last);
      if (slot.countOf(first, last) === 0) continue;
      const verdict = this.#verdictOn(wish, run, { first, last }, lease);
      if (verdict === Verdict.UNSPECIFIED) wish.act(slot.lane.book.cut(run, first, last));
      else if (verdict !== undefined) this.#verdicts.add(wish.item, { first, last }, verdict);
    }
    this.#toMerge.push({ slot, ...span });
  }

  /** A verdict, UNSPECIFIED to carry the wish out, or none: it came true already. */
  #verdictOn(
    wish: Wish,
    run: Run,
    span: IndexRange,
    lease: Lease | undefined,
  ): Verdict | undefined {
    if (run.state === "settled") return Verdict.STALE;
    if (run.state === "leased") {
      const isOwn = run.lease?.token === wish.item.lease && this.#isHolder(run.lease);
      return isOwn ? Verdict.UNSPECIFIED : Verdict.STALE;
    }
    // Given back with an earlier event of its key by this settlement: it comes again as asked.
    const isGivenBack = this.#givenBack.get(run) === wish.item.lease;
    if (wish.kind === "nack" && isGivenBack) return undefined;
    if (wish.kind !== "ack") return Verdict.STALE;
    if (lease !== undefined && !covers(lease, span)) return Verdict.UNKNOWN;
    return isFirstOfKey(run, span) ? Verdict.UNSPECIFIED : Verdict.STALE;
  }

  /**
   * A late ack, from before a restart, of events that were not looked at yet. With order KEY nobody
   * knows here what comes before them, so that only events without a key are settled.
   */
  #slotAhead(wish: Wish, slot: BatchSlot, span: IndexRange): void {
    const { lane } = slot;
    const isKeyed = this.#parts.keys !== undefined;
    const traits = this.#absent.find(({ ref }) => ref === slot.ref)?.traits;
    this.#work(isKeyed ? span.last - span.first + 1 : 1);
    for (const run of slot.runsIn(span.first, span.last)) {
      const end = Math.min(span.last, run.last);
      for (let first = Math.max(span.first, run.first); first <= end; ) {
        const last = isKeyed ? first : end;
        const isOpen = run.state !== "settled" && lane.exceptionRuns < exceptionsMax;
        const isFree = !isKeyed || (traits !== undefined && traits.keyOf(first) === undefined);
        if (slot.countOf(first, last) === 0) {
          // Excluded: no event of the subscription.
        } else if (wish.kind === "ack" && isOpen && isFree) {
          const [part] = slot.runsIn(first, first);
          if (part !== undefined) settleAhead(slot.cut(part, first, last).part);
        } else {
          this.#verdicts.add(wish.item, { first, last }, Verdict.STALE);
        }
        first = last + 1;
      }
    }
  }

  #work(runs: number): void {
    this.#runsTouched += runs;
    requireAtMost("settlement.work", settlementRunsMax, this.#runsTouched);
  }

  #isHolder(lease: Lease): boolean {
    return this.#consumerId === undefined || this.#consumerId === lease.consumer.id;
  }
}
