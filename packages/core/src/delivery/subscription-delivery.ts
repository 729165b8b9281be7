import {
  type CursorException,
  type CursorState,
  EventsSettled,
  RetryCause,
  type Settlement,
  type SettlementException,
} from "@opendxa/pubsub-protocol";
import { backoffMs, type RetryBackoff } from "./backoff.js";
import type { BatchRef } from "./batch-ref.js";
import { BatchSlot, type RunFate } from "./batch-slot.js";
import { type ConsumerCredit, ConsumerRing } from "./consumer-ring.js";
import type { DeliveryParts } from "./delivery-parts.js";
import { DurableCursor, type DurableState } from "./durable-cursor.js";
import type { ExceptionRun } from "./exception-runs.js";
import { type ExpiredEvents, expireBatch } from "./expired-events.js";
import { type Grant, Granter } from "./granter.js";
import type { Lease } from "./lease.js";
import { LeaseTable } from "./lease-table.js";
import type { LeaseTokens } from "./lease-tokens.js";
import {
  clearedSequencesMax,
  exceptionsMax,
  readyBatchesMax,
  readyEventsMax,
  silentCursorSequences,
} from "./limits.js";
import { PendingChange } from "./pending-change.js";
import type { Run } from "./run.js";
import { RunBook } from "./run-book.js";
import { checkSettlement } from "./settlement-rules.js";
import { retryRun, Settler } from "./settler.js";
import { isBefore, type Position, SlotTable } from "./slot-table.js";

/** Why nothing new is dispatched. */
export type PausedReason = "TOO_MANY_EXCEPTIONS";

/** What a subscription's resident state is made from. */
export interface RestoreOptions {
  /** Number of the subscription. */
  readonly subscriptionId: number;
  /** Its epoch. */
  readonly epoch: number;
  /** What of its settings matters here, defaults filled in. */
  readonly settings: {
    /** How long a consumer may keep an event, in milliseconds. */
    readonly ackDeadlineMs: number;
    /** Backoff between attempts. */
    readonly retry: RetryBackoff;
  };
  /** Projected cursor. */
  readonly cursor: CursorState;
  /** Projected exceptions by sequence. */
  readonly exceptions: ReadonlyMap<bigint, CursorException>;
  /** Numbers leases; the engine has one for all subscriptions. */
  readonly tokens: LeaseTokens;
}

/** Where a subscription's resident events are now. */
export interface DeliveryFigures {
  /** Events leased to consumers. */
  readonly leased: number;
  /** Events that wait for a consumer or a retry. */
  readonly waiting: number;
  /** Of these, events that wait for their retry time. */
  readonly retrying: number;
  /** Leased and waiting. */
  readonly unsettled: number;
  /** Events of the epoch that entered: those below the cursor, acked or tried before, journalled. */
  readonly entered: bigint;
  /** Events of the epoch that were acked, journalled. */
  readonly acked: bigint;
  /** Events of the epoch that expired, journalled. */
  readonly expired: bigint;
  /** Consumers. */
  readonly consumers: number;
  /** Runs above the cursor that differ from "never tried", journalled. */
  readonly exceptions: number;
  /** Next sequence to examine. */
  readonly frontier: bigint;
  /** Why nothing new is dispatched. */
  readonly paused: PausedReason | undefined;
}

/** Where one event is: what an explanation needs. */
export interface EventWhereabouts {
  /** `settled` and `unexamined` speak for themselves; `unmatched`: not an event of the subscription. */
  readonly state: "settled" | "leased" | "waiting" | "ready" | "unexamined" | "unmatched";
  /** Failed attempts so far. */
  readonly attempts: number;
  /** End of the lease or time of the retry, milliseconds since the Unix epoch. */
  readonly atMs: number | undefined;
  /** Who leases it. */
  readonly consumerId: bigint | undefined;
  /** Reason of its last nack. */
  readonly reason: string;
}

/** What became of a settlement. */
export interface SettleOutcome {
  /** What could not be carried out as asked. */
  readonly verdicts: SettlementException[];
}

const settledFate: RunFate = { state: "settled", attempts: 0, atMs: 0, reason: "" };

function fateOf(run: ExceptionRun): RunFate {
  if (run.settled) return settledFate;
  const { attempts, reason } = run;
  return { state: "waiting", attempts, atMs: Number(run.dueTimeUnixMs), reason };
}

/**
 * The resident state of an active subscription: who may have which events now. Pure: time and
 * randomness come in as parameters, what must survive goes out through `takeChange`. Work is per
 * batch and per run of events with one fate, not per event.
 *
 * A settlement is carried out here at once and told to its consumer when the change that
 * `takeChange` made of it is durable. When that fails, drop the object and restore it.
 *
 * @example
 * ```ts
 * const delivery = SubscriptionDelivery.restore({ ...projected, tokens });
 * delivery.addConsumer(1n, { bytes: 1_048_576n, events: 100 });
 * delivery.offer(ref);
 * delivery.examinedThrough(ref.sequence);
 * const grants = delivery.grant(nowMs);
 * ```
 */
export class SubscriptionDelivery {
  readonly #subscriptionId: number;
  readonly #epoch: number;
  readonly #parts: DeliveryParts;
  readonly #granter: Granter;
  #frontier: bigint;
  #lastOffered: Position;
  #ordinal = 0;

  private constructor(options: RestoreOptions) {
    const { cursor, exceptions, settings } = options;
    const book = new RunBook();
    const consumers = new ConsumerRing();
    this.#subscriptionId = options.subscriptionId;
    this.#epoch = options.epoch;
    this.#frontier = cursor.sequence;
    this.#lastOffered = { sequence: -1n, index: 0 };
    this.#parts = {
      ackDeadlineMs: settings.ackDeadlineMs,
      retry: settings.retry,
      slots: new SlotTable(),
      book,
      consumers,
      leases: new LeaseTable(options.tokens, book, consumers),
      pending: new PendingChange(),
      durable: new DurableCursor({ cursor, exceptions }),
      position: () => this.#position(),
    };
    this.#granter = new Granter(this.#parts);
  }

  /** Takes up a subscription where its projected state says; no lease survives. */
  static restore(options: RestoreOptions): SubscriptionDelivery {
    return new SubscriptionDelivery(options);
  }

  /** Next sequence to examine. */
  get frontier(): bigint {
    return this.#frontier;
  }

  /**
   * Offers a durable batch that matches, in ascending order. A batch that was offered before, or
   * lies below the frontier, is ignored. Events that are settled are left out; those that were
   * tried come with their attempts and their time.
   */
  offer(ref: BatchRef): void {
    const at = { sequence: ref.sequence, index: ref.firstIndex };
    if (ref.sequence < this.#frontier || !isBefore(this.#lastOffered, at)) return;
    this.#lastOffered = at;
    const slot = new BatchSlot(ref, this.#ordinal);
    this.#ordinal += 1;
    this.#fill(slot);
    this.#parts.slots.push(slot);
  }

  /** Everything up to a sequence was offered or does not match: the cursor may pass it. */
  examinedThrough(sequence: bigint): void {
    if (sequence >= this.#frontier) this.#frontier = sequence + 1n;
  }

  /**
   * Whether more batches should be offered; otherwise scanning goes on later from `frontier`. With
   * too many exceptions it goes on until it finds the batch that holds the cursor.
   */
  wantsMore(): boolean {
    const { book, slots } = this.#parts;
    const hasRoom = book.freshEvents < readyEventsMax && book.freshRuns < readyBatchesMax;
    this.#position();
    return hasRoom && (this.pausedReason() === undefined || slots.head() === undefined);
  }

  /** Why nothing new is dispatched; retries of the oldest unsettled batch go on even then. */
  pausedReason(): PausedReason | undefined {
    const isOver = this.#parts.durable.exceptionRuns >= exceptionsMax;
    return isOver ? "TOO_MANY_EXCEPTIONS" : undefined;
  }

  /** Joins a consumer. Throws CONSUMER_LIMIT. */
  addConsumer(id: bigint, credit: ConsumerCredit): void {
    this.#parts.consumers.add(id, credit);
  }

  /** Adds credit; bytes and events come back only here, events also by settling. */
  addCredit(id: bigint, credit: ConsumerCredit): void {
    this.#parts.consumers.addCredit(id, credit);
  }

  /** Replaces the byte credit that a grant charged by the bytes that were really sent. */
  correctBytes(grant: Grant, sentBytes: number): void {
    const consumer = this.#parts.consumers.get(grant.consumerId);
    if (consumer !== undefined) consumer.bytes += grant.bytes - sentBytes;
  }

  /** Says whether a consumer's transport has room. */
  setWritable(id: bigint, isWritable: boolean): void {
    const consumer = this.#parts.consumers.get(id);
    if (consumer !== undefined) consumer.isWritable = isWritable;
  }

  /** Lets a consumer go: what it had leased comes again and counts an attempt. */
  removeConsumer(id: bigint, nowMs: number, jitter: () => number): void {
    const consumer = this.#parts.consumers.get(id);
    if (consumer === undefined) return;
    for (const lease of [...consumer.leases]) {
      const chance = jitter();
      for (const run of [...lease.runs]) this.#fail(run, RetryCause.DISCONNECT, nowMs, chance);
    }
    this.#parts.consumers.remove(id);
  }

  /** Hands out what can be handed out now, in fair turns, never beyond anybody's credit. */
  grant(nowMs: number): Grant[] {
    this.#position();
    return this.#granter.grant(nowMs);
  }

  /**
   * Carries a settlement out. Verdicts: STALE for an event that is settled already or leased under
   * another token, and for a nack or extension without its lease; UNKNOWN for positions that are
   * not the lease's or not resident here, and for tokens that were never issued. A late ack of an
   * event that is neither settled nor leased is carried out, also with a token of an earlier start
   * if it names its ranges. Throws LIMIT_EXCEEDED; a settlement over its limits changes nothing,
   * one that asks for too much work may have been carried out in part.
   *
   * @param consumerId who settles; absent: a caller without a stream, known by the token alone
   */
  settle(
    consumerId: bigint | undefined,
    settlement: Settlement,
    nowMs: number,
    jitter: () => number,
  ): SettleOutcome {
    checkSettlement(settlement);
    this.#position();
    const settler = new Settler(this.#parts, consumerId, { nowMs, jitter });
    return { verdicts: settler.settle(settlement) };
  }

  /** Ends leases whose deadline passed, and makes retries ready whose time has come. */
  expire(nowMs: number, jitter: () => number): void {
    const { book } = this.#parts;
    const chances = new Map<Lease, number>();
    for (let run = book.overdue(nowMs); run !== undefined; run = book.overdue(nowMs)) {
      const lease = run.lease as Lease;
      const chance = chances.get(lease) ?? jitter();
      chances.set(lease, chance);
      this.#fail(run, RetryCause.DEADLINE, nowMs, chance);
    }
    book.promote(nowMs);
  }

  /** Earliest time at which `expire` has something to do. */
  nextTimerMs(): number | undefined {
    return this.#parts.book.nextTimeMs();
  }

  /**
   * The next entry to journal, or nothing. Call until it answers nothing: one entry is bounded, and
   * all that are taken together belong into one commit. A cursor that only passed what does not
   * match is journalled when it went far, or when `isFinal`.
   */
  takeChange(isFinal = false): EventsSettled | undefined {
    const { durable, pending } = this.#parts;
    const cursor = this.#position();
    const advance = cursor.sequence - durable.position.sequence;
    const isFar =
      advance >= silentCursorSequences || (isFinal && isBefore(durable.position, cursor));
    if (pending.isEmpty && !isFar && !durable.hasBelow(durable.position.sequence)) return undefined;
    const change = EventsSettled.create({
      ...pending.take(cursor),
      subscriptionId: this.#subscriptionId,
      epoch: this.#epoch,
      cursorSequence: cursor.sequence,
      cursorIndex: cursor.index,
      clearedSequences: durable.takeBelow(cursor.sequence, clearedSequencesMax),
    });
    durable.apply(change);
    return change;
  }

  /**
   * Settles the unsettled events of a batch as expired and answers their number, which the caller
   * journals. Take all changes before, so that what was acked counts as acked. The batch must not be
   * offered afterwards.
   */
  expireBatch(ref: BatchRef): ExpiredEvents {
    this.#position();
    const expired = expireBatch(this.#parts, ref);
    this.#parts.durable.expire(expired);
    return expired;
  }

  /** What the projection holds once everything taken so far was applied. */
  durableState(): DurableState {
    return this.#parts.durable.state();
  }

  /** Where events are now. */
  figures(): DeliveryFigures {
    const { book, consumers, durable } = this.#parts;
    const waiting = book.readyEvents + book.waitingEvents;
    return {
      leased: book.leasedEvents,
      waiting,
      retrying: book.waitingEvents,
      unsettled: book.leasedEvents + waiting,
      entered: durable.cursor.entered,
      acked: durable.cursor.acked,
      expired: durable.cursor.expired,
      consumers: consumers.size,
      exceptions: durable.exceptionRuns,
      frontier: this.#frontier,
      paused: this.pausedReason(),
    };
  }

  /** Where one event is. */
  whereabouts(sequence: bigint, index: number): EventWhereabouts {
    const slot = this.#parts.slots
      .ofSequence(sequence)
      .find(({ ref, lastIndex }) => ref.firstIndex <= index && index <= lastIndex);
    const run = slot?.runs[slot.placeOf(index)];
    if (run !== undefined && run.state !== "gone") {
      const atMs = run.state === "leased" || run.state === "waiting" ? run.atMs : undefined;
      const { state, attempts, reason, lease } = run;
      return { state, attempts, atMs, consumerId: lease?.consumerId, reason };
    }
    const isPassed = isBefore({ sequence, index }, this.#position());
    const isAhead = sequence >= this.#frontier;
    const state = isPassed ? "settled" : isAhead ? "unexamined" : "unmatched";
    return { state, attempts: 0, atMs: undefined, consumerId: undefined, reason: "" };
  }

  #fill(slot: BatchSlot): void {
    const { book, durable } = this.#parts;
    const { sequence, firstIndex } = slot.ref;
    const { cursor } = durable;
    const passed = sequence === cursor.sequence ? Math.min(cursor.index - 1, slot.lastIndex) : -1;
    let next = firstIndex;
    const add = (last: number, fate?: RunFate) => {
      if (last < next) return;
      const run = slot.append(next, last, fate);
      if (run.state !== "settled") book.enter(run);
      next = last + 1;
    };
    add(passed, settledFate);
    for (const run of durable.exceptionOf(sequence)?.runs ?? []) {
      add(Math.min(run.first - 1, slot.lastIndex));
      add(Math.min(run.last, slot.lastIndex), fateOf(run));
    }
    add(slot.lastIndex);
    slot.mergeSettled(firstIndex, slot.lastIndex);
  }

  #fail(run: Run, cause: RetryCause, nowMs: number, chance: number): void {
    const dueMs = nowMs + backoffMs(this.#parts.retry, run.attempts + 1, chance);
    retryRun(this.#parts, run, { dueMs, cause, reason: run.reason });
  }

  #position(): Position {
    const { durable, slots } = this.#parts;
    const reached = slots.pass(this.#frontier);
    return isBefore(reached, durable.position) ? durable.position : reached;
  }
}
