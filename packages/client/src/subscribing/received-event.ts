import {
  ACK_DEADLINE_MS_MAX,
  type BatchEventOrigin,
  type DeliveredBatch,
  RETRY_DELAY_MS_MAX,
} from "@opendxa/pubsub-protocol";
import { text, whole } from "../arguments.js";
import { StoredEvent } from "../reading/stored-event.js";
import {
  cutReason,
  type NackOptions,
  type SettledPosition,
  type SettlementOutcome,
} from "./settlements.js";

/** Carries out what is said of an event. */
export interface Settler {
  /** Name of the subscription. */
  readonly name: string;
  /** The event is done. */
  ack(event: ReceivedEvent): Promise<SettlementOutcome>;
  /** The event is to come again. */
  nack(event: ReceivedEvent, options: NackOptions): Promise<SettlementOutcome>;
  /** The event is kept longer. */
  extend(event: ReceivedEvent, deadlineMs: number): Promise<SettlementOutcome>;
  /** The event was settled otherwise: nothing more is said of it. */
  settledByCall(event: ReceivedEvent): void;
}

/** An event that is leased to this consumer until it is acked, nacked or its ack deadline passes. */
export class ReceivedEvent extends StoredEvent {
  /** Delivery attempt, from 1. */
  readonly attempt: number;
  /**
   * When its lease ends unless it is extended, milliseconds since the Unix epoch by the broker's clock: as the
   * delivery said, not counting extensions since.
   */
  readonly leaseEndUnixMs: bigint;
  /** Names it to the broker. */
  readonly position: SettledPosition;
  readonly #settler: Settler;
  #isSettled = false;

  /** Made by a subscription. */
  constructor(origin: BatchEventOrigin, delivered: DeliveredBatch, settler: Settler) {
    super(origin);
    this.attempt = delivered.attempt;
    this.leaseEndUnixMs = delivered.leaseEndUnixMs;
    this.#settler = settler;
    this.position = {
      lease: delivered.lease,
      sequence: delivered.sequence,
      index: delivered.firstIndex + origin.index,
    };
  }

  /** Name of the subscription that it came by. */
  get subscription(): string {
    return this.#settler.name;
  }

  /** It was acked or nacked. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /**
   * Says that the event is done. Resolves when that is durable, and never rejects; whoever does not
   * wait for it loses nothing but the answer. The second settlement of an event has no effect.
   */
  async ack(): Promise<SettlementOutcome> {
    if (this.#isSettled) return "stale";
    this.#isSettled = true;
    return await this.#settler.ack(this);
  }

  /**
   * Gives the event back for another attempt; otherwise as {@link ack}.
   *
   * @throws {@link PubSubError} BAD_REQUEST: an option breaks a rule; the event is not settled
   */
  async nack(options: NackOptions = {}): Promise<SettlementOutcome> {
    const { delayMs, reason = "" } = options;
    if (delayMs !== undefined) whole("delayMs", delayMs, 0, RETRY_DELAY_MS_MAX);
    const wish = { delayMs, reason: cutReason(text("reason", reason)) };
    if (this.#isSettled) return "stale";
    this.#isSettled = true;
    return await this.#settler.nack(this, wish);
  }

  /**
   * Keeps the event longer.
   *
   * @param deadlineMs from now, at most 10 minutes; 0 or absent: the subscription's ack deadline
   * @throws {@link PubSubError} BAD_REQUEST: no such deadline
   */
  async extend(deadlineMs = 0): Promise<SettlementOutcome> {
    whole("deadlineMs", deadlineMs, 0, ACK_DEADLINE_MS_MAX);
    if (this.#isSettled) return "stale";
    return await this.#settler.extend(this, deadlineMs);
  }

  /** @internal A call settles it; false: that was done before. */
  claim(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    return true;
  }

  /** @internal The call settled nothing: it may be acked or nacked after all. */
  giveUpClaim(): void {
    this.#isSettled = false;
  }

  /** @internal The call settled it, or found its lease over. */
  settledByCall(): void {
    this.#settler.settledByCall(this);
  }
}
