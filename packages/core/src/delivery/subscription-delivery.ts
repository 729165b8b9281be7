import {
  ACK_AND_PUBLISH_EVENTS_MAX,
  DeliveryOrder,
  type EventsSettled,
  type PositionRanges,
  Priority,
  type Settlement,
} from "@opendxa/pubsub-protocol";
import { absentSequences, admittedOf } from "./absent-batch.js";
import { admitted } from "./admission.js";
import { ackAll, ackedChange } from "./batch-acks.js";
import type { BatchRef } from "./batch-ref.js";
import type { BatchTraits } from "./batch-traits.js";
import { type ConsumerCredit, ConsumerRing } from "./consumer-ring.js";
import { type DeliveryFigures, figuresOf } from "./delivery-figures.js";
import { type DeliveryParts, type DeliverySettings, laneStateOf } from "./delivery-parts.js";
import { hasRoom, type PausedReason, reachedBound } from "./dispatch-bounds.js";
import { type DoomedEvents, oldestDoomed, settleDoomed, stillDoomed } from "./doomed-events.js";
import { type EventWhereabouts, whereaboutsOf } from "./event-whereabouts.js";
import { expireByTime } from "./expire-times.js";
import { type ExpiredEvents, expireBatch, nothingExpired } from "./expired-events.js";
import { type Grant, Granter, stillLeased } from "./granter.js";
import { KeyTable } from "./key-table.js";
import type { Lane } from "./lane.js";
import { type ChangeHead, type LanePosition, LaneState } from "./lane-state.js";
import { failConsumer, failOverdue } from "./lease-failures.js";
import { LeaseTable } from "./lease-table.js";
import { clearedBesideBatchesMax } from "./limits.js";
import { OperatorDesk } from "./operator-desk.js";
import { leastOf } from "./position.js";
import type { RestoreOptions } from "./restore-options.js";
import type { SettleMoment, SettleOutcome } from "./settle-outcome.js";
import { checkSettlement } from "./settlement-rules.js";
import { Settler } from "./settler.js";
import { UnexaminedEvents } from "./unexamined-events.js";

const nobody: ReadonlySet<bigint> = new Set();

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
  /** What an operator does. */
  readonly operator: OperatorDesk;
  readonly #head: ChangeHead;
  readonly #parts: DeliveryParts;
  readonly #granter: Granter;

  private constructor(options: RestoreOptions) {
    this.#head = { subscriptionId: options.subscriptionId, epoch: options.epoch };
    this.#parts = {
      settings: options.settings,
      lanes: options.lanes.map((position) => new LaneState(position)),
      consumers: new ConsumerRing(),
      leases: new LeaseTable(options.tokens, options.leaseFloor),
      keys: options.order === DeliveryOrder.KEY ? new KeyTable() : undefined,
      admit: ({ lane, durable: { cursor } }, ref) =>
        admitted(ref, { lane, cursor }, options.partitionStarts),
    };
    this.operator = new OperatorDesk(this.#parts, options.pauseReason);
    this.#granter = new Granter(this.#parts);
  }

  /** Takes up a subscription where its projected state says; no lease survives. */
  static restore(options: RestoreOptions): SubscriptionDelivery {
    return new SubscriptionDelivery(options);
  }

  /** Its lanes, the most urgent first. */
  get lanes(): readonly Lane[] {
    return this.#parts.lanes.map(({ lane }) => lane);
  }

  /** Offers need the traits of every batch; otherwise only of those that expire. */
  get isKeyed(): boolean {
    return this.#parts.keys !== undefined;
  }

  /** The lane in which a batch is counted: with order KEY there is only one. */
  laneOf(ref: { readonly lane: Lane }): Lane {
    return laneStateOf(this.#parts, ref).lane;
  }

  /** Next sequence to examine in a lane; without one, in the lane that is behind most. */
  frontier(lane?: Lane): bigint {
    return leastOf(this.#some(lane).map((each) => each.frontier));
  }

  /**
   * Offers a durable batch that matches, in ascending order within its lane. A batch that was
   * offered before, or lies below the lane's frontier, is ignored. Events that are settled are left
   * out; those that were tried come with their attempts and their time.
   *
   * @param traits with order KEY, and where the batch expires; a programmer's error without
   */
  offer(ref: BatchRef, traits?: BatchTraits): void {
    const isNeeded = this.isKeyed || ref.expires;
    if (isNeeded && traits === undefined) throw new Error(`batch ${ref.sequence} without traits`);
    const lane = laneStateOf(this.#parts, ref);
    const admittedRef = this.#parts.admit(lane, ref);
    if (admittedRef === undefined) return;
    lane.offer(admittedRef, isNeeded ? traits : undefined, this.#parts.keys);
  }

  /** Everything of a lane, or of all, up to a sequence was offered or does not match. */
  examinedThrough(sequence: bigint, lane?: Lane): void {
    for (const each of this.#some(lane)) {
      if (sequence >= each.frontier) each.frontier = sequence + 1n;
    }
  }

  /**
   * Whether more batches of a lane, or of each, should be offered; otherwise scanning goes on later
   * from its frontier. With too many exceptions or blocked keys it goes on until it finds the batch
   * that holds the cursor.
   */
  wantsMore(lane?: Lane): boolean {
    return this.#some(lane).every((each) => hasRoom(this.#parts, each));
  }

  /** Why nothing new is dispatched; but for PAUSED, retries of what is oldest go on even then. */
  pausedReason(): PausedReason | undefined {
    return this.operator.pauseReason === undefined ? reachedBound(this.#parts) : "PAUSED";
  }

  /** Follows changed settings; open leases keep their deadline. */
  update(settings: DeliverySettings): void {
    this.#parts.settings = settings;
  }

  /** Joins a consumer. Throws CONSUMER_LIMIT. */
  addConsumer(id: bigint, credit: ConsumerCredit): void {
    this.#parts.consumers.add(id, credit);
  }

  /** Adds credit; bytes and events come back only here, events also by settling. */
  addCredit(id: bigint, credit: ConsumerCredit): void {
    this.#parts.consumers.addCredit(id, credit);
  }

  /**
   * What of a grant is leased still. Ask in the turn in which it is sent: what its consumer gave back
   * meanwhile must not come after the verdict on that.
   */
  stillLeased(grant: Grant): Grant | undefined {
    return stillLeased(this.#parts, grant);
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
    failConsumer(this.#parts, consumer, { nowMs, jitter });
    this.#parts.consumers.remove(id);
  }

  /** Hands out what can be handed out now, in fair turns, never beyond anybody's credit. */
  grant(nowMs: number): Grant[] {
    for (const lane of this.#parts.lanes) {
      expireByTime(this.#parts, lane, nowMs);
      lane.position();
    }
    this.#promote(nowMs);
    return this.operator.pauseReason === undefined ? this.#granter.grant(nowMs) : [];
  }

  /**
   * Carries a settlement out: extensions, acks, nacks. Verdicts: STALE for an event that is settled
   * already or leased under another token, for a nack or extension without its lease, for a late ack
   * of an event with an unsettled one before it in its key, and for every token up to the lease
   * floor; UNKNOWN for positions that are not the lease's or, of an old lease, nowhere, and for tokens
   * that were never issued. A late ack of an event that is neither settled nor leased is carried out, also
   * with a token of an earlier start if it names its ranges, and then also of absent batches.
   * Throws LIMIT_EXCEEDED or BAD_REQUEST; then nothing changed.
   *
   * @param consumerId who settles; absent: a caller without a stream, known by the token alone
   */
  settle(
    consumerId: bigint | undefined,
    settlement: Settlement,
    moment: SettleMoment,
  ): SettleOutcome {
    checkSettlement(this.#parts.leases, settlement);
    const before = this.#doomedEvents();
    const settler = new Settler(this.#parts, consumerId, moment);
    const verdicts = settler.settle(settlement, admittedOf(this.#parts, moment.absent));
    return { verdicts, isDooming: this.#doomedEvents() > before };
  }

  /**
   * Entries that the acks of a settlement name and that were not looked at yet, or that some lanes have
   * passed and others not, with all others beside them: the batches of these that match are to be given
   * to `settle`. Empty for what the leases of this start cover. Throws LIMIT_EXCEEDED.
   */
  absentSequences(settlement: Settlement): bigint[] {
    checkSettlement(this.#parts.leases, settlement);
    return absentSequences(this.#parts, settlement);
  }

  /**
   * Acks all of the events or none, for an entry that also holds what was made of them: every event
   * must be leased under the token that it is named with. Take all changes before; the answer belongs
   * into the very entry. Throws LIMIT_EXCEEDED over `ACK_AND_PUBLISH_EVENTS_MAX`, or over `rangesMax`
   * ranges, each of up to `rangeBytes`, before anything is done.
   *
   * @returns what to journal; `undefined`: one was stale or unknown, and nothing changed
   */
  tryAck(
    acks: readonly PositionRanges[],
    rangesMax = ACK_AND_PUBLISH_EVENTS_MAX,
  ): EventsSettled | undefined {
    this.#requireDrained();
    if (!ackAll(this.#parts, acks, rangesMax)) return undefined;
    return ackedChange(this.#parts, this.#head);
  }

  /**
   * Ends leases whose deadline passed, makes retries ready whose time has come, and settles events
   * whose expire time passed.
   *
   * @returns whether a lease or an event ended: it is to be journalled, or to become a dead letter
   */
  expire(nowMs: number, jitter: () => number): boolean {
    let hasEnded = failOverdue(this.#parts, { nowMs, jitter });
    for (const lane of this.#parts.lanes) {
      if (expireByTime(this.#parts, lane, nowMs)) hasEnded = true;
    }
    this.#promote(nowMs);
    return hasEnded;
  }

  /** Earliest time at which `expire` has something to do. */
  nextTimerMs(): number | undefined {
    const next = Math.min(...this.#parts.lanes.map(({ book }) => book.nextTimeMs()));
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** Whether something waits to be journalled, a cursor that passed nothing but silence left out. */
  get hasChanges(): boolean {
    return this.#parts.lanes.some(({ pending }) => !pending.isEmpty);
  }

  /**
   * The next entry to journal, of one lane, or nothing. Call until it answers nothing: one entry is
   * bounded, and all that are taken together belong into one commit. A cursor that only passed what
   * does not match is journalled when it went far, or when `isFinal`.
   */
  takeChange(isFinal = false): EventsSettled | undefined {
    const lane = this.#parts.lanes.find((each) => each.hasChange(isFinal));
    return lane === undefined ? undefined : this.#take(lane);
  }

  /** Numbers all that was taken until now. Take all changes before. */
  seal(): number {
    this.#requireDrained();
    const [number = 0] = this.#parts.lanes.map(({ book }) => book.seal());
    return number;
  }

  /**
   * What was taken up to a seal is durable: what failed until then comes again when its time has
   * come, and its key goes on. Before, a crash would take the attempt back that its next delivery
   * tells of. Tell consumers their verdicts first: they rely on that with order KEY.
   *
   * @param untold consumers whose verdicts wait for dead letters: keys that they nacked rest until then
   * @returns whether something failed until then, so that granting and timers are to be looked at
   */
  journalled(number: number, untold: ReadonlySet<bigint> = nobody): boolean {
    const { lanes, keys } = this.#parts;
    const isDue = lanes.filter(({ book }) => book.journalled(number)).length > 0;
    return (keys?.journalled(number, untold) ?? false) || isDue;
  }

  /** The oldest events that failed for the last time: their dead letters are to be stored. */
  doomed(bytesMax: number): DoomedEvents | undefined {
    return oldestDoomed(this.#parts, bytesMax);
  }

  /** What of doomed events is still doomed: some may be acked late, skipped or gone by now. */
  stillDoomed(given: DoomedEvents): DoomedEvents {
    return stillDoomed(laneStateOf(this.#parts, given), given);
  }

  /**
   * Settles doomed events. Take all changes before; the answer belongs into the very entry that
   * stores their letters.
   */
  takeDeadLetters(given: DoomedEvents): EventsSettled {
    this.#requireDrained();
    const lane = laneStateOf(this.#parts, given);
    settleDoomed(this.#parts, lane, given);
    return this.#take(lane, clearedBesideBatchesMax);
  }

  /**
   * Settles the unsettled events of a batch as expired and answers their number, which the caller
   * journals. Take all changes before, so that what was acked counts as acked. The batch must not be
   * offered afterwards.
   */
  expireBatch(given: BatchRef): ExpiredEvents {
    const lane = laneStateOf(this.#parts, given);
    const ref = this.#parts.admit(lane, given);
    if (ref === undefined) return nothingExpired;
    lane.position();
    const expired = expireBatch(this.#parts, lane, ref);
    const change = { count: BigInt(expired.count), enteredCount: BigInt(expired.entered) };
    lane.durable.expire(change);
    return expired;
  }

  /** What the projection holds of a lane once everything taken so far was applied. */
  durableState(lane: Lane = Priority.NORMAL): LanePosition {
    const found = laneStateOf(this.#parts, { lane });
    return { lane: found.lane, ...found.durable.state() };
  }

  /** What was not looked at yet, to be counted later as of now; take all changes before. */
  unexamined(): UnexaminedEvents {
    this.#requireDrained();
    return new UnexaminedEvents(this.#parts);
  }

  /** Where the events of a lane, or of all, are now. */
  figures(lane?: Lane): DeliveryFigures {
    return {
      ...figuresOf(this.#some(lane)),
      blockedKeys: this.#parts.keys?.blocked.size ?? 0,
      consumers: this.#parts.consumers.size,
      paused: this.pausedReason(),
    };
  }

  /** Where one event is, in the lane of its batch. */
  whereabouts(at: {
    readonly lane: Lane;
    readonly sequence: bigint;
    readonly index: number;
  }): EventWhereabouts {
    return whereaboutsOf(laneStateOf(this.#parts, at), at);
  }

  #some(lane: Lane | undefined): readonly LaneState[] {
    return lane === undefined ? this.#parts.lanes : [laneStateOf(this.#parts, { lane })];
  }

  #promote(nowMs: number): void {
    for (const { book } of this.#parts.lanes) {
      for (let run = book.takeDue(nowMs); run !== undefined; run = book.takeDue(nowMs)) {
        if (run.key !== undefined) this.#parts.keys?.arrange(run.key);
      }
    }
  }

  #doomedEvents(): number {
    return this.#parts.lanes.reduce((sum, { book }) => sum + book.doomedEvents, 0);
  }

  #take(lane: LaneState, clearedMax?: number): EventsSettled {
    return lane.take(this.#head, clearedMax);
  }

  #requireDrained(): void {
    if (this.hasChanges) throw new Error("changes are waiting: take them first");
  }
}
