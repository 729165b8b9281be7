import type {
  AbsentBatch,
  BatchRef,
  Grant,
  SettleOutcome,
  SubscriptionDelivery,
} from "@opendxa/pubsub-core";
import {
  ACK_DEADLINE_MS_MAX,
  PubSubError,
  type Settlement,
  type SettlementException,
  type SubscriptionState,
} from "@opendxa/pubsub-protocol";
import { Alarm } from "./alarm.js";
import { CatchUp } from "./catch-up.js";
import { DeadLetters } from "./dead-letters.js";
import { type DeliveryWork, type DoneWork, ResidentWork, takeChanges } from "./delivery-work.js";
import { DetachedConsumers } from "./detached-consumers.js";
import { DispatchNotice } from "./dispatch-notice.js";
import type { DispatchedSubscription, DispatchParts } from "./dispatch-parts.js";
import type { ConsumerSink } from "./engine-api.js";
import { GrantSender } from "./grant-sender.js";
import { deliverySettingsOf } from "./resident-delivery.js";
import { SettlementQueue } from "./settlement-queue.js";
import { WaitingVerdicts } from "./waiting-verdicts.js";

/**
 * A subscription that has consumers: feeds the pure state machine with the batches that match,
 * sends what it grants, and journals what it settles.
 */
export class ActiveSubscription {
  /** Name. */
  readonly name: string;
  /** Its topic patterns. */
  readonly patterns: readonly string[];
  /** Whether a topic matches, named by its number. */
  readonly matches: (topicId: number) => boolean;
  /** State machine. */
  readonly delivery: SubscriptionDelivery;
  readonly #parts: DispatchParts;
  readonly #catchUp: CatchUp;
  readonly #settlements: SettlementQueue;
  readonly #sender: GrantSender;
  readonly #letters: DeadLetters;
  readonly #work: ResidentWork;
  readonly #onIdle: () => void;
  readonly #sinks = new Map<bigint, ConsumerSink>();
  readonly #verdicts = new WaitingVerdicts();
  #isStopped = false;
  #isPumping = false;
  #pumpAgain = false;
  #settling: Promise<void> | undefined;
  #settleAgain = false;
  readonly #alarm: Alarm;
  readonly #detached = new DetachedConsumers();
  #tokenCalls = 0;
  #lastLeaseEndMs = 0;
  readonly #notice = new DispatchNotice();

  constructor(subscription: DispatchedSubscription, parts: DispatchParts) {
    this.#onIdle = subscription.onIdle;
    this.name = subscription.name;
    this.patterns = subscription.patterns;
    this.delivery = subscription.delivery;
    this.#parts = parts;
    this.matches = subscription.matches;
    const { name, delivery } = this;
    this.#catchUp = new CatchUp(parts, subscription);
    this.#work = new ResidentWork(parts.loop, delivery, this.#catchUp);
    this.#settlements = new SettlementQueue(delivery, this.#catchUp);
    this.#sender = new GrantSender(parts, delivery, this.#sinks);
    const read = (ref: BatchRef) => this.#sender.read(ref);
    this.#letters = new DeadLetters(parts, { name, delivery, read });
    this.#alarm = new Alarm(parts, () => this.#timeHasCome());
  }

  /** Consumers now. */
  get consumers(): number {
    return this.#sinks.size;
  }

  /** Nobody is joined and no lease of a consumer that left without ending them runs on. */
  get isIdle(): boolean {
    return this.#sinks.size === 0 && this.#detached.size === 0 && this.#tokenCalls === 0;
  }

  /** Follows changed settings and pauses. */
  follow({ subscription }: SubscriptionState): void {
    const { settings, paused = false, pauseReason = "" } = subscription ?? {};
    this.delivery.update(deliverySettingsOf(settings));
    this.#letters.topic = settings?.deadLetterTopic ?? "";
    if (paused) this.delivery.operator.pause(pauseReason);
    else this.delivery.operator.resume();
    this.pump();
  }

  /** Joins a consumer. Throws CONSUMER_LIMIT. */
  join(id: bigint, credit: { bytes: bigint; events: number }, sink: ConsumerSink): void {
    this.delivery.addConsumer(id, credit);
    this.#sinks.set(id, sink);
    if (this.#notice.current !== undefined) sink.notice(this.#notice.current);
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
    if (this.#detached.size > 0) this.#requestSettle();
    this.#release(Number.POSITIVE_INFINITY);
    for (const [id, sink] of [...this.#sinks]) {
      this.leave(id);
      sink.end(error);
    }
  }

  /** Ends all consumers for good: what works on it from now on has to take it up anew. */
  retire(error: Error): void {
    this.#work.isRetired = true;
    this.endAll(error);
  }

  /** The same where an epoch ends: the leases end with it, and nobody failed. */
  retireWithEpoch(error: Error): void {
    this.#work.isRetired = true;
    this.#detached.take(Number.POSITIVE_INFINITY);
    this.#endSinks(error);
    this.#requestSettle();
  }

  /**
   * Works on it together with the journal, and answers when that is durable.
   *
   * @returns `undefined` when it was retired before
   */
  async work<T>(given: DeliveryWork<T>): Promise<DoneWork<T> | undefined> {
    this.#tokenCalls += 1;
    try {
      return await this.#work.run(given);
    } finally {
      this.#tokenCalls -= 1;
      if (this.#work.isRetired) this.pump();
      else this.#wasSettled();
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

  /** Settles; verdicts go out when the settlement is durable, with dead letters that it made. */
  settle(id: bigint, settlement: Settlement): void {
    if (!this.#sinks.has(id)) return;
    this.#settlements.take(settlement, {
      carryOut: (absent) => {
        if (!this.#sinks.has(id)) return;
        this.#verdicts.add(id, settlement.number, this.#carryOut(id, settlement, absent));
        this.#wasSettled();
      },
      fail: (error) => {
        const sink = this.#sinks.get(id);
        this.leave(id);
        sink?.end(PubSubError.from(error));
      },
    });
  }

  /** Settles by tokens alone and answers what was not carried out, once the rest is durable. */
  async settleByToken(settlement: Settlement): Promise<SettlementException[]> {
    this.#tokenCalls += 1;
    try {
      return await new Promise((resolve, reject) => {
        this.#settlements.take(settlement, {
          carryOut: (absent) => {
            const outcome = this.#carryOut(undefined, settlement, absent);
            this.#verdicts.addCall(outcome).then(resolve, reject);
            this.#wasSettled();
          },
          fail: reject,
        });
      });
    } finally {
      this.#tokenCalls -= 1;
    }
  }

  /** Offers a batch that became durable just now. */
  offerLive(ref: BatchRef): void {
    this.#catchUp.offerLive(ref);
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
    for (;;) {
      if (this.#settlements.waiting !== undefined) await this.#settlements.waiting;
      else if (this.#settling !== undefined) await this.#settling;
      else if (this.#work.running !== undefined) await this.#work.running;
      else return;
    }
  }

  /** Puts it away: a pump that still reads journals nothing more, for it is not offered what comes now. */
  stop(): void {
    this.#isStopped = true;
    this.#alarm.clear();
    this.#verdicts.fail(PubSubError.of("SHUTTING_DOWN", "the subscription was put away"));
  }

  #carryOut(
    id: bigint | undefined,
    settlement: Settlement,
    absent: readonly AbsentBatch[],
  ): SettleOutcome {
    const moment = { nowMs: this.#parts.clock.now(), jitter: this.#jitter, absent };
    const outcome = this.delivery.settle(id, settlement, moment);
    this.#noteExtensions(settlement);
    return outcome;
  }

  #wasSettled(): void {
    this.#requestSettle();
    this.pump();
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
      const isCatchingUp = this.#sinks.size > 0 && this.#catchUp.isBehind;
      const hasMore = isCatchingUp && (await this.#catchUp.step());
      const grants = this.#grant();
      this.#arm();
      if (grants.length > 0) await this.#sender.send(grants);
      if (grants.length > 0 || hasMore) this.#pumpAgain = true;
    }
    this.#isPumping = false;
    this.#notice.tell(this.delivery, this.#sinks.values());
  }

  /** What may be sent now that leases beyond their deadline have ended; what ended or expired is journalled. */
  #grant(): Grant[] {
    const nowMs = this.#parts.clock.now();
    // Not left to the timer: that rests while this goes on, and more of a key would go to who let it lapse.
    if (this.delivery.expire(nowMs, this.#jitter)) this.#requestSettle();
    const grants = this.delivery.grant(nowMs);
    for (const { leaseEndMs } of grants) {
      this.#lastLeaseEndMs = Math.max(this.#lastLeaseEndMs, leaseEndMs);
    }
    return grants;
  }

  #requestSettle(): void {
    if (this.#isStopped) return;
    this.#settleAgain = true;
    this.#settling ??= this.#settleAll().catch((error: unknown) => {
      this.#settling = undefined;
      const failure = PubSubError.from(error);
      this.#verdicts.fail(failure);
      this.#endSinks(failure);
    });
  }

  /** Nothing more is granted to consumers that end, and what they hold is not given back. */
  #endSinks(error: Error): void {
    for (const [id, sink] of [...this.#sinks]) {
      this.#sinks.delete(id);
      this.delivery.setWritable(id, false);
      sink.end(error);
    }
  }

  async #settleAll(): Promise<void> {
    while (this.#settleAgain) {
      this.#settleAgain = false;
      this.#catchUp.examinedLive();
      const isFinal = this.isIdle;
      let waiting = new WaitingVerdicts();
      try {
        // Taken together with what they say: a key must not go on before the verdict on its nack.
        const onTaken = () => {
          waiting = this.#verdicts.take();
        };
        const command = { delivery: this.delivery, isFinal, onTaken };
        const number = await this.#parts.loop.runInternal(takeChanges, command);
        await this.#answer(waiting, number);
      } catch (error) {
        waiting.fail(PubSubError.from(error));
        throw error;
      }
      if (this.#detached.size > 0 && this.delivery.figures().leased === 0) {
        this.#release(Number.POSITIVE_INFINITY);
        this.#onIdle();
      }
    }
    this.#settling = undefined;
  }

  /**
   * Says the verdicts of what is durable. What dooms events waits for their letters, and the others do
   * not wait for it. A key of which something failed goes on after its verdict only: a client drops what
   * it holds of the key with that.
   */
  async #answer(waiting: WaitingVerdicts, number: number): Promise<void> {
    const hasDoomed = this.#letters.isWaiting || this.delivery.doomed(1) !== undefined;
    const dooming = hasDoomed ? waiting.takeDooming() : new WaitingVerdicts();
    waiting.answer(this.#sinks);
    if (!hasDoomed) {
      if (this.delivery.journalled(number)) this.pump();
      return;
    }
    const before = this.delivery.figures().doomed;
    let untold: ReadonlySet<bigint> | undefined;
    try {
      if (await this.#letters.store()) dooming.answer(this.#sinks);
      else {
        untold = new Set([...dooming.consumers].filter((id) => this.#sinks.has(id)));
        this.#verdicts.putBack(dooming);
      }
    } catch (error) {
      dooming.fail(PubSubError.from(error));
      throw error;
    }
    this.delivery.journalled(number, untold);
    // Keys whose events became letters go on with the next number.
    if (this.delivery.figures().doomed < before) this.#settleAgain = true;
    this.pump();
  }

  #arm(): void {
    if (this.#isStopped) return;
    const times = [this.delivery.nextTimerMs(), this.#letters.nextMs(), this.#detached.nextMs()];
    this.#alarm.set(Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY)));
  }

  #timeHasCome(): void {
    const nowMs = this.#parts.clock.now();
    this.delivery.expire(nowMs, this.#jitter);
    this.#release(nowMs);
    this.#requestSettle();
    // A pump that reads for long arms nothing meanwhile.
    this.#arm();
    this.pump();
    if (this.isIdle) this.#onIdle();
  }
}
