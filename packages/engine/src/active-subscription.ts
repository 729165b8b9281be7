import {
  type BatchRef,
  type Grant,
  type Operation,
  type SubscriptionDelivery,
  stateKeys,
} from "@opendxa/pubsub-core";
import {
  ACK_DEADLINE_MS_MAX,
  type Delivery,
  deliveredBatchBytes,
  type Notice,
  PubSubError,
  type Settlement,
  type SettlementException,
  type StoredBatch,
  type SubscriptionState,
} from "@opendxa/pubsub-protocol";
import { CatchUp, type CatchUpParts } from "./catch-up.js";
import type { CommandLoop } from "./command-loop.js";
import { deliveredBatches, type EntryReader } from "./delivery-builder.js";
import { changesOf, type DeliveryWork, deliveryWork } from "./delivery-work.js";
import { DetachedConsumers } from "./detached-consumers.js";
import { noticeOf } from "./dispatch-notice.js";
import type { ConsumerSink } from "./engine-api.js";
import type { Clock, Random, TimerHandle, Timers } from "./environment.js";
import { deliveryBytesMax } from "./limits.js";
import { WaitingVerdicts } from "./waiting-verdicts.js";

/** What all active subscriptions share. */
export interface DispatchParts extends CatchUpParts {
  /** Where settlements are decided. */
  readonly loop: CommandLoop;
  /** Entries by sequence. */
  readonly reader: EntryReader;
  /** Lease and retry times. */
  readonly clock: Clock;
  /** Lease and retry timers. */
  readonly timers: Timers;
  /** Jitter. */
  readonly random: Random;
}

const takeChanges: Operation<{ delivery: SubscriptionDelivery; isFinal: boolean }, void> = {
  name: "settle",
  reads: () => [],
  decide: (_loaded, { delivery, isFinal }) => ({
    entries: changesOf(delivery, isFinal),
    reply: undefined,
  }),
};

/**
 * A subscription that has consumers: feeds the pure state machine with the batches that match,
 * sends what it grants, and journals what it settles.
 */
export class ActiveSubscription {
  /** Name. */
  readonly name: string;
  /** Its topic patterns. */
  readonly patterns: readonly string[];
  /** State machine. */
  readonly delivery: SubscriptionDelivery;
  readonly #parts: DispatchParts;
  readonly #catchUp: CatchUp;
  readonly #matches: (topicId: number) => boolean;
  readonly #onIdle: () => void;
  readonly #sinks = new Map<bigint, ConsumerSink>();
  readonly #verdicts = new WaitingVerdicts();
  #isLive = false;
  #isPumping = false;
  #pumpAgain = false;
  #settling: Promise<void> | undefined;
  #settleAgain = false;
  #timer: TimerHandle | undefined;
  readonly #detached = new DetachedConsumers();
  #tokenCalls = 0;
  readonly #working = new Set<Promise<unknown>>();
  #isRetired = false;
  #lastLeaseEndMs = 0;
  #pauseReason: string | undefined;
  #notice: Notice | undefined;

  constructor(
    subscription: {
      readonly name: string;
      readonly patterns: readonly string[];
      readonly delivery: SubscriptionDelivery;
      readonly matches: (topicId: number) => boolean;
      /** The last one who needed it is gone, without a call. */
      readonly onIdle: () => void;
    },
    parts: DispatchParts,
  ) {
    this.#onIdle = subscription.onIdle;
    this.name = subscription.name;
    this.patterns = subscription.patterns;
    this.delivery = subscription.delivery;
    this.#parts = parts;
    this.#matches = subscription.matches;
    this.#catchUp = new CatchUp(parts, {
      delivery: subscription.delivery,
      matches: subscription.matches,
      onLive: () => {
        this.#isLive = true;
      },
    });
  }

  /** Consumers now. */
  get consumers(): number {
    return this.#sinks.size;
  }

  /** Nobody is joined and no lease of a consumer that left without ending them runs on. */
  get isIdle(): boolean {
    return this.#sinks.size === 0 && this.#detached.size === 0 && this.#tokenCalls === 0;
  }

  /** Whether a topic matches, named by its number. */
  matches(topicId: number): boolean {
    return this.#matches(topicId);
  }

  /** Takes what an operator says of it: a pause, and its end. */
  follow({ subscription }: SubscriptionState): void {
    this.#pauseReason = subscription?.paused === true ? subscription.pauseReason : undefined;
    this.pump();
  }

  /** Joins a consumer. Throws CONSUMER_LIMIT. */
  join(id: bigint, credit: { bytes: bigint; events: number }, sink: ConsumerSink): void {
    this.delivery.addConsumer(id, credit);
    this.#sinks.set(id, sink);
    if (this.#notice !== undefined) sink.notice(this.#notice);
    this.pump();
  }

  /** Leaves; leases of the consumer count as an attempt. */
  leave(id: bigint): void {
    if (!this.#sinks.delete(id)) return;
    this.delivery.removeConsumer(id, this.#parts.clock.now(), this.#jitter);
    this.#requestSettle();
    this.pump();
  }

  /** Leaves and lets its leases run on until they are settled by their tokens or end. */
  detach(id: bigint): void {
    if (!this.#sinks.delete(id)) return;
    this.delivery.setWritable(id, false);
    this.#detached.add(id, this.#lastLeaseEndMs);
    this.#arm();
  }

  /** Ends all consumers with an error. */
  endAll(error: Error): void {
    this.#release(Number.POSITIVE_INFINITY);
    for (const [id, sink] of [...this.#sinks]) {
      this.leave(id);
      sink.end(error);
    }
  }

  /** Ends all consumers for good: what works on it from now on has to take it up anew. */
  retire(error: Error): void {
    this.#isRetired = true;
    this.endAll(error);
  }

  /**
   * Works on it together with the journal, and answers when that is durable.
   *
   * @returns `undefined` when it was retired before
   */
  async work<T>(given: DeliveryWork<T>): Promise<{ readonly reply: T } | undefined> {
    this.#tokenCalls += 1;
    try {
      if (given.isCaughtUp === true && !this.#isLive) await this.#catchUp.run();
      const { delivery } = this;
      const command = { delivery, isRetired: () => this.#isRetired, work: given };
      const working = this.#parts.loop.run(deliveryWork<T>(), command, given.bytes);
      this.#working.add(working);
      try {
        return await working;
      } finally {
        this.#working.delete(working);
        this.pump();
      }
    } finally {
      this.#tokenCalls -= 1;
    }
  }

  /** Adds credit of a consumer. */
  credit(id: bigint, credit: { bytes: bigint; events: number }): void {
    if (!this.#sinks.has(id)) return;
    this.delivery.addCredit(id, credit);
    this.pump();
  }

  /** The transport of a consumer has room again. */
  resume(id: bigint): void {
    if (!this.#sinks.has(id)) return;
    this.delivery.setWritable(id, true);
    this.pump();
  }

  /** Settles; verdicts go out when the settlement is durable. */
  settle(id: bigint, settlement: Settlement): void {
    if (!this.#sinks.has(id)) return;
    let verdicts: readonly SettlementException[];
    try {
      const moment = { nowMs: this.#parts.clock.now(), jitter: this.#jitter };
      verdicts = this.delivery.settle(id, settlement, moment).verdicts;
    } catch (error) {
      const sink = this.#sinks.get(id);
      this.leave(id);
      sink?.end(PubSubError.from(error));
      return;
    }
    this.#noteExtensions(settlement);
    this.#verdicts.add(id, settlement.number, verdicts);
    this.#requestSettle();
    this.pump();
  }

  /**
   * Settles by tokens alone and answers what was not carried out, once the rest is durable. Events
   * that nobody looked at since the start are looked for first.
   */
  async settleByToken(settlement: Settlement): Promise<SettlementException[]> {
    this.#tokenCalls += 1;
    try {
      if (!this.#isLive) await this.#catchUp.run();
      const moment = { nowMs: this.#parts.clock.now(), jitter: this.#jitter };
      const exceptions = this.delivery.settle(undefined, settlement, moment).verdicts;
      this.#noteExtensions(settlement);
      const durable = this.#verdicts.addCall(exceptions);
      this.#requestSettle();
      this.pump();
      return await durable;
    } finally {
      this.#tokenCalls -= 1;
    }
  }

  /** Offers a batch that became durable just now, unless the subscription is catching up. */
  offerLive(ref: BatchRef): void {
    if (!this.#isLive) return;
    this.delivery.offer(ref);
    if (this.delivery.wantsMore()) return;
    // The entry may hold further batches: catching up starts with it again, and what was offered
    // before is ignored.
    this.delivery.examinedThrough(ref.sequence - 1n);
    this.#isLive = false;
  }

  /** Sends what can be sent. Never throws; called whenever something changed. */
  pump(): void {
    this.#pumpAgain = true;
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#pumpAll().catch((error: unknown) => {
      this.#isPumping = false;
      this.endAll(PubSubError.from(error));
    });
  }

  /** Resolves when nothing is waiting to be journalled. */
  async settled(): Promise<void> {
    while (this.#settling !== undefined || this.#working.size > 0) {
      await this.#settling;
      await Promise.allSettled(this.#working);
    }
  }

  /** Stops its timer. */
  stop(): void {
    if (this.#timer !== undefined) this.#parts.timers.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  readonly #jitter = (): number => this.#parts.random.float();

  #noteExtensions({ extensions }: Settlement): void {
    if (extensions.length === 0) return;
    const endMs = this.#parts.clock.now() + ACK_DEADLINE_MS_MAX;
    this.#lastLeaseEndMs = Math.max(this.#lastLeaseEndMs, endMs);
    this.#detached.extend(endMs);
  }

  /** Lets go of consumers that left; what they have leased still counts as an attempt. */
  #release(nowMs: number): void {
    for (const id of this.#detached.take(nowMs)) {
      this.delivery.removeConsumer(id, this.#parts.clock.now(), this.#jitter);
    }
  }

  async #pumpAll(): Promise<void> {
    while (this.#pumpAgain) {
      this.#pumpAgain = false;
      if (this.#sinks.size > 0 && !this.#isLive) await this.#catchUp.run();
      const isPaused = this.#pauseReason !== undefined;
      const grants = isPaused ? [] : this.delivery.grant(this.#parts.clock.now());
      if (grants.length > 0) {
        await this.#send(grants);
        this.#pumpAgain = true;
      }
    }
    this.#isPumping = false;
    this.#noticePause();
    this.#arm();
  }

  async #send(grants: readonly Grant[]): Promise<void> {
    const open = new Map<bigint, { delivery: Delivery; bytes: number }>();
    for (const grant of grants) {
      this.#lastLeaseEndMs = Math.max(this.#lastLeaseEndMs, grant.leaseEndMs);
      const stored = await this.#read(grant.ref);
      if (stored?.batch === undefined) {
        this.delivery.correctBytes(grant, 0);
        continue;
      }
      let sentBytes = 0;
      for (const delivered of deliveredBatches(grant, stored.batch)) {
        const bytes = deliveredBatchBytes(delivered);
        sentBytes += bytes;
        let pending = open.get(grant.consumerId);
        if (pending !== undefined && pending.bytes + bytes > deliveryBytesMax) {
          this.#deliver(grant.consumerId, pending.delivery);
          pending = undefined;
        }
        pending ??= { delivery: { batches: [] }, bytes: 0 };
        pending.delivery.batches.push(delivered);
        pending.bytes += bytes;
        open.set(grant.consumerId, pending);
      }
      this.delivery.correctBytes(grant, sentBytes);
    }
    for (const [consumerId, { delivery }] of open) this.#deliver(consumerId, delivery);
  }

  /** A batch; `undefined` when it expired after it was granted, which ended the lease. */
  async #read(ref: BatchRef): Promise<StoredBatch | undefined> {
    const { sequence, topicId, partition, baseOffset } = ref;
    const stored = await this.#parts.reader.readListed(ref);
    if (stored?.batch !== undefined) return stored;
    const { name } = stateKeys.batch(topicId, partition, baseOffset);
    if ((await this.#parts.index.get(name)) === undefined) return undefined;
    throw PubSubError.of("DATA_CORRUPT", `entry ${sequence} is gone`, { metadata: { sequence } });
  }

  #deliver(consumerId: bigint, delivery: Delivery): void {
    const sink = this.#sinks.get(consumerId);
    if (sink === undefined) return;
    if (!sink.deliver(delivery)) this.delivery.setWritable(consumerId, false);
  }

  #requestSettle(): void {
    this.#settleAgain = true;
    this.#settling ??= this.#settleAll().catch((error: unknown) => {
      this.#settling = undefined;
      const failure = PubSubError.from(error);
      this.#verdicts.fail(failure);
      for (const [id, sink] of [...this.#sinks]) {
        this.#sinks.delete(id);
        sink.end(failure);
      }
    });
  }

  async #settleAll(): Promise<void> {
    while (this.#settleAgain) {
      this.#settleAgain = false;
      if (this.#isLive) this.delivery.examinedThrough(this.#parts.recent.lastSequence);
      const waiting = this.#verdicts.take();
      const isFinal = this.isIdle;
      try {
        await this.#parts.loop.runInternal(takeChanges, { delivery: this.delivery, isFinal });
      } catch (error) {
        waiting.fail(PubSubError.from(error));
        throw error;
      }
      waiting.answer(this.#sinks);
      if (this.#detached.size > 0 && this.delivery.figures().leased === 0) {
        this.#release(Number.POSITIVE_INFINITY);
        this.#onIdle();
      }
    }
    this.#settling = undefined;
  }

  #noticePause(): void {
    const notice = noticeOf(this.#pauseReason, this.delivery.pausedReason());
    if (notice?.reason === this.#notice?.reason && notice?.message === this.#notice?.message)
      return;
    this.#notice = notice;
    if (notice === undefined) return;
    for (const sink of this.#sinks.values()) sink.notice(notice);
  }

  #arm(): void {
    this.stop();
    const at = Math.min(
      this.delivery.nextTimerMs() ?? Number.POSITIVE_INFINITY,
      this.#detached.nextMs() ?? Number.POSITIVE_INFINITY,
    );
    if (at === Number.POSITIVE_INFINITY) return;
    const { clock, timers } = this.#parts;
    this.#timer = timers.setTimer(
      () => {
        this.#timer = undefined;
        this.delivery.expire(clock.now(), this.#jitter);
        this.#release(clock.now());
        this.#requestSettle();
        this.pump();
        if (this.isIdle) this.#onIdle();
      },
      Math.max(0, at - clock.now()),
    );
  }
}
