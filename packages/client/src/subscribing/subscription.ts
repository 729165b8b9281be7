import {
  ACK_DEADLINE_MS_DEFAULT,
  type Delivery,
  DeliveryOrder,
  type Notice,
  PubSubError,
  type SubscribeOpened,
  type SubscribeRequest,
  type Subscription as SubscriptionState,
} from "@opendxa/pubsub-protocol";
import type { Connection } from "../connection/connection.js";
import { StreamLink } from "../connection/stream-link.js";
import { EXTENSIONS_PER_DEADLINE } from "../limits.js";
import { Deliveries } from "./deliveries.js";
import { deliveryBytes } from "./delivery-bytes.js";
import type { ReceivedEvent, Settler } from "./received-event.js";
import { cutReason, type NackOptions, type SettlementOutcome, Settlements } from "./settlements.js";
import type { ResolvedSubscribe } from "./subscribe-options.js";
import { noticeName, type SubscriptionNotice } from "./subscription-notice.js";
import { SubscriptionOpening } from "./subscription-opening.js";
import { Waiters } from "./waiters.js";

/** What a subscription is made of. */
export interface SubscriptionParts {
  /** Where it subscribes. */
  readonly connection: Connection;
  /** What it was asked for. */
  readonly options: ResolvedSubscribe;
  /** Told of every notice. */
  readonly notice: (notice: SubscriptionNotice) => void;
  /** Told when it is over. */
  readonly closed: (subscription: Subscription) => void;
  /** How long the first opening may take, in milliseconds. */
  readonly openTimeoutMs: number;
  /** How long `close` waits, in milliseconds. */
  readonly closeTimeoutMs: number;
}

let linkNumber = 0;

/**
 * One consumer of a subscription. Iterate over it, or give `subscribe` a handler. It opens its
 * stream anew after every loss; events that were not settled come again.
 *
 * @example
 * ```ts
 * for await (const event of subscription) {
 *   learn(event.feedback());
 *   await event.ack();
 * }
 * ```
 */
export class Subscription implements AsyncIterable<ReceivedEvent>, Settler {
  /** Resolves when it is closed; rejects when an error that no retry cures ended it. */
  readonly finished: Promise<void>;
  readonly #parts: SubscriptionParts;
  readonly #settlements = new Settlements();
  readonly #deliveries: Deliveries;
  readonly #opening: SubscriptionOpening;
  readonly #link: StreamLink<SubscribeRequest, Buffer>;
  readonly #opened: Promise<void>;
  #tellOpened: (error?: PubSubError) => void = () => undefined;
  #tellFinished: (error?: PubSubError) => void = () => undefined;
  readonly #takers = new Waiters();
  #state: SubscriptionState | undefined;
  #lastNotice: SubscriptionNotice | undefined;
  #isClosing = false;
  #hasEnded = false;
  #failure: PubSubError | undefined;
  #isSettleDue = false;
  #running = 0;
  readonly #closers = new Waiters();
  #extender: NodeJS.Timeout | undefined;
  #close: Promise<void> | undefined;

  /** Made by `PubSubClient.subscribe`. */
  constructor(parts: SubscriptionParts) {
    const { connection, options } = parts;
    this.#parts = parts;
    this.#deliveries = new Deliveries(this, options.creditBytes);
    this.#opening = new SubscriptionOpening(options, connection.namespace);
    this.#opened = new Promise((resolve, reject) => {
      this.#tellOpened = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.finished = new Promise((resolve, reject) => {
      this.#tellFinished = (error) => (error === undefined ? resolve() : reject(error));
    });
    // Both tell the same failure; whoever waits for either hears of it.
    this.#opened.catch(() => undefined);
    linkNumber += 1;
    this.#link = new StreamLink(connection, `subscription ${linkNumber}`, {
      call: () => connection.openSubscribe(),
      openMessage: () => this.#opening.message(),
      opensAgainAfter: (error) => this.#opening.opensAgainAfter(error),
      heartbeat: () => ({
        message: { $case: "heartbeat", value: { timeUnixMs: BigInt(Date.now()) } },
      }),
      received: (bytes) => this.#received(bytes),
      broke: () => this.#broke(),
      drained: () => this.#settle(),
      ended: (error) => this.#ended(error),
    });
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Its name; that of an ephemeral one is known once it is open, and changes with the stream. */
  get name(): string {
    return this.#parts.options.subscription || (this.#state?.name ?? "");
  }

  /** Why the broker dispatches nothing although there may be events; cleared by the next delivery. */
  get notice(): SubscriptionNotice | undefined {
    return this.#lastNotice;
  }

  /** The subscription as the broker described it when the stream was opened last. */
  get state(): SubscriptionState | undefined {
    return this.#state;
  }

  /** Events that wait here for the application. */
  get waiting(): number {
    return this.#deliveries.waiting;
  }

  /** Opens the stream; resolves when the broker has answered. @throws TIMED_OUT, or its refusal */
  async open(): Promise<void> {
    const { options, openTimeoutMs } = this.#parts;
    options.signal?.throwIfAborted();
    this.#link.start();
    const timer = setTimeout(() => {
      this.#link.cancel(PubSubError.of("TIMED_OUT", `not opened within ${openTimeoutMs} ms`));
    }, openTimeoutMs);
    try {
      await this.#opened;
    } catch (error) {
      this.finished.catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Hands every event to `handler` until the subscription is closed: what resolves is acked, what
   * rejects is nacked with the error's message as the reason.
   */
  run(handler: (event: ReceivedEvent) => unknown): void {
    for (let worker = 0; worker < this.#parts.options.concurrency; worker += 1) {
      void this.#work(handler);
    }
  }

  /** Events as they come. Leaving the loop closes the subscription. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedEvent, void, undefined> {
    this.finished.catch(() => undefined);
    try {
      for (let event = await this.#take(); event !== undefined; event = await this.#take()) {
        yield event;
      }
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      await this.close();
    }
  }

  /**
   * Takes no further events, waits for running handlers and for the verdicts on what was settled,
   * and ends the stream. What was delivered and not handled comes again, to this or another
   * consumer.
   */
  close(): Promise<void> {
    this.#close ??= this.#closeOnce();
    return this.#close;
  }

  /** @internal */
  async ack(event: ReceivedEvent): Promise<SettlementOutcome> {
    return await this.#settled(event, this.#settlements.ack(event.position));
  }

  /** @internal */
  async nack(event: ReceivedEvent, options: NackOptions): Promise<SettlementOutcome> {
    const { position } = event;
    if (!this.#keepsOrderOf(event)) {
      return await this.#settled(event, this.#settlements.nack(position, options));
    }
    this.#deliveries.nacked(event);
    const told = (outcome: SettlementOutcome) => {
      this.#deliveries.nackTold(event, outcome === "settled");
      this.#returnCredit();
      this.#takers.wakeAll();
    };
    return await this.#settled(event, this.#settlements.nack(position, options, told));
  }

  /** @internal */
  async extend(event: ReceivedEvent, deadlineMs: number): Promise<SettlementOutcome> {
    const outcome = this.#settlements.extend(event.position, deadlineMs);
    this.#settleAtEndOfTurn();
    return await outcome;
  }

  /** @internal */
  settledByCall(event: ReceivedEvent): void {
    this.#deliveries.settled(event);
  }

  async #settled(
    event: ReceivedEvent,
    outcome: Promise<SettlementOutcome>,
  ): Promise<SettlementOutcome> {
    this.#deliveries.settled(event);
    if (this.#hasEnded) this.#settlements.abandon();
    else this.#settleAtEndOfTurn();
    return await outcome;
  }

  #keepsOrderOf({ orderingKey }: ReceivedEvent): boolean {
    return orderingKey !== undefined && this.#deliveries.keepsOrder;
  }

  /** Handlers run side by side, but those of one key one after another. */
  async #work(handler: (event: ReceivedEvent) => unknown): Promise<void> {
    for (let event = await this.#take(true); event !== undefined; event = await this.#take(true)) {
      this.#running += 1;
      await this.#handle(handler, event);
      this.#running -= 1;
      if (this.#keepsOrderOf(event)) {
        this.#deliveries.unpark(event);
        this.#takers.wakeAll();
      }
      this.#closers.wakeAll();
    }
  }

  async #handle(handler: (event: ReceivedEvent) => unknown, event: ReceivedEvent): Promise<void> {
    try {
      await handler(event);
      void event.ack();
    } catch (error) {
      void event.nack({ reason: error instanceof Error ? error.message : String(error) });
    }
  }

  /** The next event, as soon as there is one; undefined when no more come. `parksKey`: alone of its key. */
  async #take(parksKey = false): Promise<ReceivedEvent | undefined> {
    for (;;) {
      if (this.#isClosing || this.#hasEnded) return undefined;
      const event = this.#deliveries.take();
      if (event !== undefined) {
        if (parksKey && this.#keepsOrderOf(event)) this.#deliveries.park(event);
        this.#returnCredit();
        return event;
      }
      await this.#takers.wait();
    }
  }

  #returnCredit(): void {
    if (!this.#link.isOpen) return;
    const bytes = this.#deliveries.takeCredit();
    if (bytes === 0) return;
    this.#link.send({ message: { $case: "credit", value: { bytes: BigInt(bytes), events: 0 } } });
  }

  #received(bytes: Buffer): number | undefined {
    const { message } = this.#parts.connection.readSubscribe(bytes);
    switch (message?.$case) {
      case "opened":
        return this.#streamOpened(message.value);
      case "delivery":
        this.#delivered(message.value, deliveryBytes(bytes.length));
        return undefined;
      case "verdicts":
        this.#settlements.verdicts(message.value);
        this.#closers.wakeAll();
        return undefined;
      case "notice":
        this.#notice(message.value);
        return undefined;
      default:
        return undefined;
    }
  }

  #streamOpened(opened: SubscribeOpened): number {
    this.#state = opened.subscription;
    this.#opening.opened();
    this.#deliveries.keepsOrder = opened.subscription?.settings?.order === DeliveryOrder.KEY;
    this.#lastNotice = undefined;
    const deadlineMs = opened.subscription?.settings?.ackDeadlineMs || ACK_DEADLINE_MS_DEFAULT;
    clearInterval(this.#extender);
    if (this.#parts.options.leaseHeldMsMax > 0) {
      this.#extender = setInterval(() => this.#extendHeld(), deadlineMs / EXTENSIONS_PER_DEADLINE);
    }
    this.#tellOpened();
    return opened.heartbeatMs;
  }

  #delivered({ batches }: Delivery, bytes: number): void {
    this.#lastNotice = undefined;
    const broken = this.#deliveries.add(batches, bytes, Date.now());
    for (const { batch, error } of broken) {
      const { lease, sequence, firstIndex, batch: record } = batch;
      for (let index = 0; index < (record?.count ?? 0); index += 1) {
        const position = { lease, sequence, index: firstIndex + index };
        void this.#settlements.nack(position, { reason: cutReason(error.message) });
      }
      this.#settleAtEndOfTurn();
      this.#tell("unreadable_batch", error.message);
    }
    this.#returnCredit();
    this.#takers.wakeAll();
  }

  #extendHeld(): void {
    if (!this.#link.isOpen) return;
    const held = this.#deliveries.heldSince(Date.now(), this.#parts.options.leaseHeldMsMax);
    for (const event of held) void this.#settlements.extend(event.position, 0);
    this.#settleAtEndOfTurn();
  }

  #notice({ reason, message }: Notice): void {
    this.#lastNotice = this.#tell(noticeName(reason), message);
  }

  #tell(reason: SubscriptionNotice["reason"], message: string): SubscriptionNotice {
    const notice = { subscription: this.name, reason, message };
    this.#parts.notice(notice);
    return notice;
  }

  /** What one turn settles goes out as one message. */
  #settleAtEndOfTurn(): void {
    if (this.#isSettleDue) return;
    this.#isSettleDue = true;
    setImmediate(() => {
      this.#isSettleDue = false;
      this.#settle();
    });
  }

  #settle(): void {
    if (!this.#link.isOpen || !this.#settlements.hasWaiting) return;
    for (const value of this.#settlements.take()) {
      this.#link.send({ message: { $case: "settlement", value } });
    }
  }

  #broke(): void {
    this.#deliveries.reset();
    this.#settlements.reset();
    this.#closers.wakeAll();
  }

  readonly #onAbort = () => void this.close();

  async #closeOnce(): Promise<void> {
    this.#isClosing = true;
    this.#takers.wakeAll();
    const timer = setTimeout(() => this.#link.cancel(undefined), this.#parts.closeTimeoutMs);
    try {
      while (!this.#hasEnded && (this.#running > 0 || !this.#settlements.isIdle)) {
        await this.#closers.wait();
      }
      this.#settle();
      this.#link.finish();
      await this.finished.catch(() => undefined);
    } finally {
      clearTimeout(timer);
    }
  }

  #ended(error: PubSubError | undefined): void {
    this.#hasEnded = true;
    clearInterval(this.#extender);
    this.#parts.options.signal?.removeEventListener("abort", this.#onAbort);
    this.#settlements.abandon();
    this.#failure = this.#isClosing ? undefined : error;
    this.#tellOpened(error ?? PubSubError.of("CLIENT_CLOSED", "closed before it was open"));
    this.#takers.wakeAll();
    this.#closers.wakeAll();
    this.#parts.closed(this);
    this.#tellFinished(this.#failure);
  }
}
