import {
  type BatchRef,
  type Grant,
  type Operation,
  type PausedReason,
  type SubscriptionDelivery,
  stateKeys,
} from "@opendxa/pubsub-core";
import {
  type Delivery,
  deliveredBatchBytes,
  type Entry,
  Entry as EntryMessage,
  NoticeReason,
  PubSubError,
  type Settlement,
  type SettlementException,
  type StoredBatch,
} from "@opendxa/pubsub-protocol";
import { CatchUp, type CatchUpParts } from "./catch-up.js";
import type { CommandLoop } from "./command-loop.js";
import { deliveredBatches, type EntryReader } from "./delivery-builder.js";
import type { ConsumerSink } from "./engine-api.js";
import type { Clock, Random, TimerHandle, Timers } from "./environment.js";
import { deliveryBytesMax } from "./limits.js";

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

interface WaitingVerdict {
  readonly consumerId: bigint;
  readonly number: bigint;
  readonly exceptions: readonly SettlementException[];
}

const takeChanges: Operation<{ delivery: SubscriptionDelivery; isFinal: boolean }, void> = {
  name: "settle",
  reads: () => [],
  decide: (_loaded, { delivery, isFinal }) => {
    const entries: Entry[] = [];
    for (let value = delivery.takeChange(isFinal); value; value = delivery.takeChange(isFinal)) {
      entries.push(EntryMessage.create({ kind: { $case: "eventsSettled", value } }));
    }
    return { entries, reply: undefined };
  },
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
  readonly #sinks = new Map<bigint, ConsumerSink>();
  readonly #verdicts: WaitingVerdict[] = [];
  #isLive = false;
  #isPumping = false;
  #pumpAgain = false;
  #settling: Promise<void> | undefined;
  #settleAgain = false;
  #timer: TimerHandle | undefined;
  #paused: PausedReason | undefined;

  constructor(
    subscription: {
      readonly name: string;
      readonly patterns: readonly string[];
      readonly delivery: SubscriptionDelivery;
      readonly matches: (topicId: number) => boolean;
    },
    parts: DispatchParts,
  ) {
    this.name = subscription.name;
    this.patterns = subscription.patterns;
    this.delivery = subscription.delivery;
    this.#parts = parts;
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

  /** Joins a consumer. Throws CONSUMER_LIMIT. */
  join(id: bigint, credit: { bytes: bigint; events: number }, sink: ConsumerSink): void {
    this.delivery.addConsumer(id, credit);
    this.#sinks.set(id, sink);
    this.pump();
  }

  /** Leaves; leases of the consumer count as an attempt. */
  leave(id: bigint): void {
    if (!this.#sinks.delete(id)) return;
    this.delivery.removeConsumer(id, this.#parts.clock.now(), this.#jitter);
    this.#requestSettle();
    this.pump();
  }

  /** Ends all consumers with an error. */
  endAll(error: Error): void {
    for (const [id, sink] of [...this.#sinks]) {
      this.leave(id);
      sink.end(error);
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
    this.#verdicts.push({ consumerId: id, number: settlement.number, exceptions: verdicts });
    this.#requestSettle();
    this.pump();
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
    while (this.#settling !== undefined) await this.#settling;
  }

  /** Stops its timer. */
  stop(): void {
    if (this.#timer !== undefined) this.#parts.timers.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  readonly #jitter = (): number => this.#parts.random.float();

  async #pumpAll(): Promise<void> {
    while (this.#pumpAgain) {
      this.#pumpAgain = false;
      if (this.#sinks.size > 0 && !this.#isLive) await this.#catchUp.run();
      const grants = this.delivery.grant(this.#parts.clock.now());
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
    const { sequence, firstIndex, topicId, partition, baseOffset } = ref;
    const stored = await this.#parts.reader.readBatch(sequence, firstIndex);
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
      this.#verdicts.length = 0;
      const failure = PubSubError.from(error);
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
      const waiting = this.#verdicts.splice(0);
      const isFinal = this.#sinks.size === 0;
      await this.#parts.loop.runInternal(takeChanges, { delivery: this.delivery, isFinal });
      this.#answer(waiting);
    }
    this.#settling = undefined;
  }

  #answer(waiting: readonly WaitingVerdict[]): void {
    const byConsumer = new Map<bigint, { through: bigint; exceptions: SettlementException[] }>();
    for (const { consumerId, number, exceptions } of waiting) {
      const answer = byConsumer.get(consumerId) ?? { through: 0n, exceptions: [] };
      answer.through = number;
      answer.exceptions.push(...exceptions);
      byConsumer.set(consumerId, answer);
    }
    for (const [consumerId, { through, exceptions }] of byConsumer) {
      this.#sinks.get(consumerId)?.verdicts({ throughNumber: through, exceptions });
    }
  }

  #noticePause(): void {
    const reason = this.delivery.pausedReason();
    if (reason === this.#paused) return;
    this.#paused = reason;
    if (reason === undefined) return;
    const notice = {
      reason: NoticeReason.TOO_MANY_EXCEPTIONS,
      message: "too many settled events lie above unsettled ones; settle the oldest ones first",
    };
    for (const sink of this.#sinks.values()) sink.notice(notice);
  }

  #arm(): void {
    this.stop();
    const at = this.delivery.nextTimerMs();
    if (at === undefined) return;
    const { clock, timers } = this.#parts;
    this.#timer = timers.setTimer(
      () => {
        this.#timer = undefined;
        this.delivery.expire(clock.now(), this.#jitter);
        this.#requestSettle();
        this.pump();
      },
      Math.max(0, at - clock.now()),
    );
  }
}
