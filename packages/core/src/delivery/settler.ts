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
import type { BatchSlot } from "./batch-slot.js";
import type { DeliveryParts } from "./delivery-parts.js";
import type { Lease } from "./lease.js";
import { attemptsCountMax, settlementRunsMax } from "./limits.js";
import type { RetryTerms } from "./pending-change.js";
import type { Run } from "./run.js";
import { requireAtMost } from "./settlement-rules.js";
import { VerdictList } from "./verdict-list.js";

/** Time and randomness of one call. */
export interface Moment {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** A random value in [0, 1). */
  readonly jitter: () => number;
}

type Act = (run: Run) => void;
/** What a settlement wants of events: acks may come late, the others need the lease. */
interface Wish {
  readonly item: PositionRanges;
  readonly isAck: boolean;
  readonly act: Act;
}

interface SlotSpan extends IndexRange {
  readonly slot: BatchSlot;
}

/** Settles an event for good. */
export function ackRun({ pending, leases }: DeliveryParts, run: Run): void {
  pending.ack(run);
  leases.release(run);
  run.state = "settled";
}

/** Ends an attempt; the events come again. */
export function retryRun(
  { pending, leases, book }: DeliveryParts,
  run: Run,
  terms: RetryTerms,
): void {
  const attempts = Math.min(attemptsCountMax, run.attempts + 1);
  pending.retry(run, attempts, terms);
  leases.release(run);
  run.state = "waiting";
  run.attempts = attempts;
  run.atMs = terms.dueMs;
  run.reason = terms.reason;
  book.enter(run);
}

/** Carries one settlement out. */
export class Settler {
  readonly #parts: DeliveryParts;
  readonly #consumerId: bigint | undefined;
  readonly #moment: Moment;
  readonly #verdicts = new VerdictList();
  #runsTouched = 0;
  #toMerge: SlotSpan[] = [];

  constructor(parts: DeliveryParts, consumerId: bigint | undefined, moment: Moment) {
    this.#parts = parts;
    this.#consumerId = consumerId;
    this.#moment = moment;
  }

  /** Acks, then nacks, then extensions; answers what was not carried out. */
  settle({ acks, nacks, extensions }: Settlement): VerdictList["exceptions"] {
    for (const item of acks) {
      this.#carryOut({ item, isAck: true, act: (run) => ackRun(this.#parts, run) });
    }
    for (const nack of nacks) this.#nack(nack);
    for (const extension of extensions) this.#extend(extension);
    return this.#verdicts.exceptions;
  }

  #nack({ events: item, delayMs, reason }: Nack): void {
    if (item === undefined) return;
    const { retry } = this.#parts;
    const { nowMs } = this.#moment;
    const jitter = delayMs === undefined ? this.#moment.jitter() : 0;
    const act = (run: Run) => {
      const dueMs = nowMs + (delayMs ?? backoffMs(retry, run.attempts + 1, jitter));
      retryRun(this.#parts, run, { dueMs, cause: RetryCause.NACK, reason });
    };
    this.#carryOut({ item, isAck: false, act });
  }

  #extend({ events: item, deadlineMs }: Extension): void {
    if (item === undefined) return;
    const { book, ackDeadlineMs } = this.#parts;
    const endMs = this.#moment.nowMs + (deadlineMs || ackDeadlineMs);
    const act = (run: Run) => {
      book.leave(run);
      run.atMs = endMs;
      book.enter(run);
    };
    this.#carryOut({ item, isAck: false, act });
  }

  #carryOut(wish: Wish): void {
    const { item } = wish;
    const lease = this.#parts.leases.find(item.lease);
    const isForeign = lease !== undefined && lease.slot.ref.sequence !== item.sequence;
    if (isForeign || !this.#parts.leases.mayCover(item.lease)) {
      this.#refuse(item, Verdict.UNKNOWN);
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

  /** What no batch held here has lies below the cursor, or nowhere. */
  #range(wish: Wish, range: IndexRange, lease: Lease | undefined): void {
    const { item } = wish;
    if (range.first > range.last) {
      this.#verdicts.add(item, range, Verdict.UNKNOWN);
      return;
    }
    let next = range.first;
    const slots = lease === undefined ? this.#parts.slots.ofSequence(item.sequence) : [lease.slot];
    for (const slot of slots) {
      const first = Math.max(next, slot.ref.firstIndex);
      const last = Math.min(range.last, slot.lastIndex);
      if (first > last) continue;
      this.#outside(item, { first: next, last: first - 1 }, true);
      this.#slot(wish, slot, { first, last }, lease);
      next = last + 1;
    }
    this.#outside(item, { first: next, last: range.last }, slots.length > 0);
  }

  #outside(item: PositionRanges, range: IndexRange, isBesideBatch: boolean): void {
    if (range.first > range.last) return;
    const passed = isBesideBatch ? -1 : Math.min(range.last, this.#lastPassed(item.sequence));
    const stale = { first: range.first, last: passed };
    if (stale.first <= stale.last) this.#verdicts.add(item, stale, Verdict.STALE);
    const unknown = { first: Math.max(range.first, passed + 1), last: range.last };
    if (unknown.first <= unknown.last) this.#verdicts.add(item, unknown, Verdict.UNKNOWN);
  }

  /** The last index of an entry that the cursor passed; -1 when it passed none. */
  #lastPassed(sequence: bigint): number {
    const cursor = this.#parts.position();
    if (sequence < cursor.sequence) return Number.POSITIVE_INFINITY;
    return sequence === cursor.sequence ? cursor.index - 1 : -1;
  }

  #slot(wish: Wish, slot: BatchSlot, span: IndexRange, lease: Lease | undefined): void {
    const from = slot.placeOf(span.first);
    const runs = slot.runs.slice(from, slot.placeOf(span.last) + 1);
    this.#runsTouched += runs.length;
    requireAtMost("settlement.work", settlementRunsMax, this.#runsTouched);
    for (const run of runs) {
      const first = Math.max(span.first, run.first);
      const last = Math.min(span.last, run.last);
      if (slot.countOf(first, last) === 0) continue;
      const verdict = this.#verdictOn(wish, run, { first, last }, lease);
      if (verdict === Verdict.UNSPECIFIED) wish.act(this.#parts.book.cut(run, first, last));
      else this.#verdicts.add(wish.item, { first, last }, verdict);
    }
    this.#toMerge.push({ slot, ...span });
  }

  #verdictOn(wish: Wish, run: Run, span: IndexRange, lease: Lease | undefined): Verdict {
    if (run.state === "settled") return Verdict.STALE;
    if (run.state === "leased") {
      const isOwn = run.lease?.token === wish.item.lease && this.#isHolder(run.lease);
      return isOwn ? Verdict.UNSPECIFIED : Verdict.STALE;
    }
    if (!wish.isAck) return Verdict.STALE;
    const isCovered =
      lease === undefined ||
      lease.spans.some(({ first, last }) => first <= span.first && span.last <= last);
    return isCovered ? Verdict.UNSPECIFIED : Verdict.UNKNOWN;
  }

  #isHolder(lease: Lease): boolean {
    return this.#consumerId === undefined || this.#consumerId === lease.consumerId;
  }
}
