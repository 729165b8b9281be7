import type { Consumer, ConsumerSink } from "@opendxa/pubsub-engine";
import {
  badRequest,
  CONSUME_DELIVERIES_MAX,
  CONSUME_WAIT_MS_DEFAULT,
  CONSUME_WAIT_MS_MAX,
  type ConsumeRequest,
  type ConsumeResponse,
  type Credit,
  DELIVERY_BYTES_MAX,
  type Delivery,
  deliveredBatchBytes,
  type SubscribeOpen,
} from "@opendxa/pubsub-protocol";
import { limitExceeded } from "../errors.js";
import type { Namespaces } from "../namespaces.js";
import { checkShownName } from "./check-frame.js";
import { agreeHeartbeat } from "./heartbeats.js";
import type { StreamSurroundings } from "./stream-transport.js";

/** What a call works with. */
export interface ConsumeParts {
  /** Engines by namespace. */
  readonly namespaces: Namespaces;
  /** Time. */
  readonly surroundings: StreamSurroundings;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

/** What a call of Consume waits for. */
type Step = Delivery | "heartbeat" | "over";

/** Holds what the engine gives until the call takes it: one delivery at a time. */
class ConsumeInbox implements ConsumerSink {
  readonly #deliveries: Delivery[] = [];
  readonly #signal: AbortSignal;
  #error: Error | undefined;
  #isBeatDue = false;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  deliver(delivery: Delivery): boolean {
    this.#deliveries.push(delivery);
    this.#wake();
    return false;
  }

  verdicts(): void {
    // What is settled by Settle is answered there.
  }

  notice(): void {
    // The contract has none here: a paused subscription shows in `opened`.
  }

  end(error: Error): void {
    this.#error = error;
    this.#wake();
  }

  beat(): void {
    this.#isBeatDue = true;
    this.#wake();
  }

  /** The time without a delivery is over. */
  waitedLongEnough(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** The next step; rejects when the subscription ended this consumer. */
  async next(): Promise<Step> {
    for (;;) {
      const delivery = this.#deliveries.shift();
      if (delivery !== undefined) return delivery;
      if (this.#error !== undefined) throw this.#error;
      if (this.#isOver || this.#signal.aborted) return "over";
      if (this.#isBeatDue) {
        this.#isBeatDue = false;
        return "heartbeat";
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function atMost(field: string, limit: number, asked: number): number {
  if (asked > limit) throw limitExceeded(field, limit, asked);
  return asked;
}

function openOf({ open }: ConsumeRequest): SubscribeOpen & { readonly credit: Credit } {
  if (open === undefined) throw badRequest("open", "must be set");
  const { subscription, credit } = open;
  if (subscription === "") throw badRequest("open.subscription", "must be set");
  if (credit === undefined || credit.bytes === 0n || credit.events === 0) {
    throw badRequest("open.credit", "must be above 0: it is what the call may deliver");
  }
  checkShownName("consumer_name", open.consumerName);
  return { ...open, credit };
}

/**
 * Serves Consume. Its leases outlive it, because Settle comes later: they end by their deadlines.
 * Byte credit reaches the engine in pieces of one delivery, so that no more is leased than is sent.
 */
export async function* consume(
  request: ConsumeRequest,
  { namespaces, surroundings, signal }: ConsumeParts,
): AsyncGenerator<ConsumeResponse> {
  const open = openOf(request);
  const { ticker, nowMs } = surroundings;
  const heartbeatMs = agreeHeartbeat(open.heartbeatMs, surroundings.heartbeatMs);
  const deliveriesMax = atMost("deliveries_max", CONSUME_DELIVERIES_MAX, request.deliveriesMax);
  const waitMs = atMost("wait_ms", CONSUME_WAIT_MS_MAX, request.waitMs) || CONSUME_WAIT_MS_DEFAULT;
  const credit = new PiecewiseCredit(open.credit.bytes);
  const inbox = new ConsumeInbox(signal);
  const consumer = await namespaces
    .engineOf(open.namespace)
    .subscribe({ ...open, credit: { ...open.credit, bytes: credit.first() } }, inbox);
  const stopBeats = ticker.every(heartbeatMs, () => inbox.beat());
  let stopWaiting = ticker.every(waitMs, () => inbox.waitedLongEnough());
  try {
    const { id: consumerId, subscription } = consumer;
    yield { message: { $case: "opened", value: { subscription, consumerId, heartbeatMs } } };
    for (let delivered = 0; deliveriesMax === 0 || delivered < deliveriesMax; ) {
      const step = await inbox.next();
      if (step === "over") return;
      if (step === "heartbeat") {
        yield { message: { $case: "heartbeat", value: { timeUnixMs: BigInt(nowMs()) } } };
        continue;
      }
      stopWaiting();
      delivered += 1;
      yield { message: { $case: "delivery", value: step } };
      if (delivered === deliveriesMax) return;
      stopWaiting = ticker.every(waitMs, () => inbox.waitedLongEnough());
      credit.refill(consumer, step);
      consumer.resume();
    }
  } finally {
    stopBeats();
    stopWaiting();
    consumer.detach();
  }
}

/** Gives the engine the bytes of one delivery, and what was sent of it again. */
class PiecewiseCredit {
  #left: bigint;

  constructor(bytes: bigint) {
    this.#left = bytes;
  }

  first(): bigint {
    return this.#take(BigInt(DELIVERY_BYTES_MAX));
  }

  refill(consumer: Consumer, { batches }: Delivery): void {
    const sent = batches.reduce((sum, batch) => sum + deliveredBatchBytes(batch), 0);
    consumer.credit({ bytes: this.#take(BigInt(sent)), events: 0 });
  }

  #take(wanted: bigint): bigint {
    const taken = wanted < this.#left ? wanted : this.#left;
    this.#left -= taken;
    return taken;
  }
}
