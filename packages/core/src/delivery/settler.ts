import {
  type Extension,
  type IndexRange,
  type Nack,
  type PositionRanges,
  RetryCause,
  type Settlement,
  SettlementKind,
  Verdict,
} from "@opendxa/pubsub-protocol";
import type { AbsentBatch } from "./absent-batch.js";
import { backoffMs } from "./backoff.js";
import type { BatchSlot } from "./batch-slot.js";
import { type DeliveryParts, laneStateOf } from "./delivery-parts.js";
import { ackLate } from "./late-acks.js";
import type { Lease } from "./lease.js";
import { covers } from "./lease-table.js";
import type { Moment } from "./moment.js";
import type { Run } from "./run.js";
import { ackRun, failRun } from "./run-changes.js";
import { VerdictList } from "./verdict-list.js";

/** What a settlement wants of events: acks may come late, the others need the lease. */
interface Wish {
  readonly item: PositionRanges;
  readonly kind: SettlementKind;
  readonly act: (run: Run) => void;
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

/** Carries one settlement out. */
export class Settler {
  readonly #parts: DeliveryParts;
  readonly #consumerId: bigint | undefined;
  readonly #moment: Moment;
  #verdicts = new VerdictList(0n);
  readonly #givenBack = new Map<Run, bigint>();
  #absent: readonly AbsentBatch[] = [];
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
    { number, acks, nacks, extensions }: Settlement,
    absent: readonly AbsentBatch[],
  ): VerdictList["exceptions"] {
    this.#absent = absent;
    this.#verdicts = new VerdictList(number);
    for (const extension of extensions) this.#extend(extension);
    for (const item of acks) {
      this.#carryOut({ item, kind: SettlementKind.ACK, act: (run) => ackRun(this.#parts, run) });
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
      const by = this.#consumerId;
      const givenBack = this.#givenBack;
      failRun(this.#parts, run, { nowMs, dueMs, cause: RetryCause.NACK, reason, by, givenBack });
    };
    this.#carryOut({ item, kind: SettlementKind.NACK, act });
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
    this.#carryOut({ item, kind: SettlementKind.EXTENSION, act });
  }

  #carryOut(wish: Wish): void {
    const { item } = wish;
    const { leases } = this.#parts;
    this.#verdicts.begin(item, wish.kind);
    const lease = leases.find(item.lease);
    const isForeign = lease !== undefined && lease.slot.ref.sequence !== item.sequence;
    if (isForeign || !leases.mayCover(item.lease)) {
      this.#refuse(item, Verdict.UNKNOWN);
    } else if (
      leases.isFromBefore(item.lease) ||
      (lease === undefined && wish.kind !== SettlementKind.ACK)
    ) {
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
    if (item.ranges.length === 0) this.#verdicts.addWhole(verdict);
    for (const range of item.ranges) this.#verdicts.add(range, verdict);
  }

  #range(wish: Wish, range: IndexRange, lease: Lease | undefined): void {
    if (range.first > range.last) {
      this.#verdicts.add(range, Verdict.UNKNOWN);
      return;
    }
    if (lease === undefined) this.#rangeOfOld(wish, range);
    else this.#rangeOfLease(wish, range, lease);
  }

  #rangeOfLease(wish: Wish, range: IndexRange, lease: Lease): void {
    const { slot } = lease;
    const { firstIndex } = slot.ref;
    const first = Math.max(range.first, firstIndex);
    const last = Math.min(range.last, slot.lastIndex);
    this.#unknown({ first: range.first, last: Math.min(range.last, firstIndex - 1) });
    if (first <= last) this.#slot(wish, slot, { first, last }, lease);
    this.#unknown({
      first: Math.max(range.first, slot.lastIndex + 1),
      last: range.last,
    });
  }

  /** Of a lease that is not known here: of an earlier start, or ended long ago. */
  #rangeOfOld(wish: Wish, range: IndexRange): void {
    const { item } = wish;
    let next = range.first;
    for (const { slot, place } of this.#slotsOf(item.sequence)) {
      const first = Math.max(next, slot.ref.firstIndex);
      const last = Math.min(range.last, slot.lastIndex);
      if (first > last) continue;
      this.#outside(item.sequence, { first: next, last: first - 1 });
      if (place === "resident") this.#slot(wish, slot, { first, last }, undefined);
      else if (place === "ahead") this.#slotAhead(wish, slot, { first, last });
      else this.#verdicts.add({ first, last }, Verdict.STALE);
      next = last + 1;
    }
    this.#outside(item.sequence, { first: next, last: range.last });
  }

  /** The batches of an entry, resident or found by the engine, in order. */
  #slotsOf(sequence: bigint): PlacedSlot[] {
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
  #outside(sequence: bigint, { first, last }: IndexRange): void {
    if (first > last) return;
    const passed = Math.min(last, this.#lastPassed(sequence));
    if (first <= passed) this.#verdicts.add({ first, last: passed }, Verdict.STALE);
    this.#unknown({ first: Math.max(first, passed + 1), last });
  }

  #unknown(range: IndexRange): void {
    if (range.first <= range.last) this.#verdicts.add(range, Verdict.UNKNOWN);
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
    for (const run of slot.runsIn(span.first, span.last)) {
      const first = Math.max(span.first, run.first);
      const last = Math.min(span.last, run.last);
      if (slot.countOf(first, last) === 0) continue;
      const verdict = this.#verdictOn(wish, run, { first, last }, lease);
      if (verdict === Verdict.UNSPECIFIED) wish.act(slot.lane.book.cut(run, first, last));
      else if (verdict !== undefined) this.#verdicts.add({ first, last }, verdict);
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
    if (wish.kind === SettlementKind.NACK && isGivenBack) return undefined;
    if (wish.kind !== SettlementKind.ACK) return Verdict.STALE;
    if (lease !== undefined && !covers(lease, span)) return Verdict.UNKNOWN;
    return isFirstOfKey(run, span) ? Verdict.UNSPECIFIED : Verdict.STALE;
  }

  /** What was not looked at yet is nobody's: only a late ack can be meant. */
  #slotAhead(wish: Wish, slot: BatchSlot, span: IndexRange): void {
    const absent = this.#absent.find(({ ref }) => ref === slot.ref);
    const refuse = (refused: IndexRange) => this.#verdicts.add(refused, Verdict.STALE);
    if (wish.kind !== SettlementKind.ACK || absent === undefined) refuse(span);
    else ackLate(this.#parts, { slot, absent }, span, refuse);
  }

  #isHolder(lease: Lease): boolean {
    return this.#consumerId === undefined || this.#consumerId === lease.consumer.id;
  }
}
