import { randomInt } from "node:crypto";
import { credentials } from "@grpc/grpc-js";
import {
  CREDIT_EVENTS_MAX,
  countBits,
  type DeliveredBatch,
  DeliveryOrder,
  isSelected,
  type PositionRanges,
  SETTLEMENT_ITEMS_MAX,
  StartPosition,
  SubscribeOpen,
  type SubscribeRequest,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { fromServiceError, makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { answerTask } from "../processes/child.js";
import type { Consumed, ConsumersOpen, ConsumeTask } from "./consume-task.js";

/** Bytes that the broker may send ahead: more than a turn of it. */
const CREDIT_BYTES = 16 * 1024 * 1024;
/** Single acks wait until so many events are held, so that they are picked from many. */
const HELD_BEFORE_RANDOM = 20_000;

type Stream = ReturnType<ReturnType<typeof subscriberClient>["subscribe"]>;

function subscriberClient(address: string) {
  return makeClient(services.subscriber, { address, credentials: credentials.createInsecure() });
}

/** One consumer: counts and settles batches without reading their events. */
class OpaqueConsumer {
  received = 0;
  redelivered = 0;
  firstAtMs = 0;
  lastAtMs = 0;
  readonly #task: ConsumeTask;
  readonly #stream: Stream;
  readonly #held: PositionRanges[] = [];
  #settlements = 0n;
  #settled = 0n;
  #owedBytes = 0;

  constructor(stream: Stream, task: ConsumeTask, subscription: string) {
    this.#stream = stream;
    this.#task = task;
    const isEarliest = task.start === "earliest";
    const settings = SubscriptionSettings.create({
      patterns: [task.topic],
      order: task.order === "key" ? DeliveryOrder.KEY : DeliveryOrder.NONE,
      start: StartPosition.create({
        position: isEarliest
          ? { $case: "earliest", value: true }
          : { $case: "latest", value: true },
      }),
    });
    const credit = { bytes: BigInt(CREDIT_BYTES), events: CREDIT_EVENTS_MAX };
    this.#send({ $case: "open", value: SubscribeOpen.create({ subscription, settings, credit }) });
  }

  /** Calls `opened` when it is joined, and resolves when everything was settled. */
  run(opened: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.on("error", (error) => reject(fromServiceError(error as never)));
      this.#stream.on("data", ({ message }) => {
        if (message?.$case === "opened") opened();
        else if (message?.$case === "delivery") this.#delivered(message.value.batches);
        else if (message?.$case === "verdicts") this.#settled = message.value.throughNumber;
        this.lastAtMs = performance.now();
        if (this.#isDone) resolve();
      });
    });
  }

  /** Leaves. */
  close(): void {
    this.#stream.end();
  }

  get #isDone(): boolean {
    return this.received >= this.#task.events && this.#settled === this.#settlements;
  }

  #delivered(batches: readonly DeliveredBatch[]): void {
    for (const batch of batches) this.#take(batch);
    this.#settle();
  }

  #take({ lease, sequence, firstIndex, batch, selected, attempt }: DeliveredBatch): void {
    if (batch === undefined) return;
    if (this.firstAtMs === 0) this.firstAtMs = performance.now();
    const count = selected.length === 0 ? batch.count : countBits(selected);
    if (attempt === 1) this.received += count;
    else this.redelivered += count;
    this.#owedBytes += batch.heads.length + batch.bodies.length;
    if (this.#task.settling === "batches") {
      this.#held.push({ lease, sequence, ranges: [] });
      return;
    }
    for (let i = 0; i < batch.count; i += 1) {
      if (!isSelected(selected, i)) continue;
      const index = firstIndex + i;
      this.#held.push({ lease, sequence, ranges: [{ first: index, last: index }] });
    }
  }

  #settle(): void {
    const isLast = this.received >= this.#task.events;
    const isRandom = this.#task.settling === "random-events";
    while (this.#held.length > (isRandom && !isLast ? HELD_BEFORE_RANDOM : 0)) {
      this.#settlements += 1n;
      const acks = isRandom ? this.#pickSome() : this.#held.splice(0, SETTLEMENT_ITEMS_MAX);
      const value = { number: this.#settlements, acks, nacks: [], extensions: [] };
      this.#send({ $case: "settlement", value });
    }
    if (this.#owedBytes * 2 < CREDIT_BYTES) return;
    this.#send({ $case: "credit", value: { bytes: BigInt(this.#owedBytes), events: 0 } });
    this.#owedBytes = 0;
  }

  #pickSome(): PositionRanges[] {
    const picked: PositionRanges[] = [];
    while (picked.length < SETTLEMENT_ITEMS_MAX && this.#held.length > 0) {
      const place = randomInt(this.#held.length);
      const last = this.#held.pop() as PositionRanges;
      picked.push(this.#held[place] ?? last);
      if (place < this.#held.length) this.#held[place] = last;
    }
    return picked;
  }

  #send(message: SubscribeRequest["message"]): void {
    this.#stream.write({ message });
  }
}

async function consume(task: ConsumeTask): Promise<Consumed> {
  const client = subscriberClient(task.address);
  const consumers = task.subscriptions.map(
    (subscription) => new OpaqueConsumer(client.subscribe(), task, subscription),
  );
  let unopened = consumers.length;
  const opened = () => {
    unopened -= 1;
    const ready: ConsumersOpen = { isOpen: true };
    if (unopened === 0) process.send?.(ready);
  };
  await Promise.all(consumers.map((consumer) => consumer.run(opened)));
  for (const consumer of consumers) consumer.close();
  client.close();
  const sum = (of: (consumer: OpaqueConsumer) => number) =>
    consumers.reduce((total, consumer) => total + of(consumer), 0);
  const firstAtMs = Math.min(...consumers.map((consumer) => consumer.firstAtMs));
  const lastAtMs = Math.max(...consumers.map((consumer) => consumer.lastAtMs));
  const events = sum(({ received }) => received);
  return {
    events,
    redelivered: sum(({ redelivered }) => redelivered),
    eventsPerSecond: (events * 1_000) / (lastAtMs - firstAtMs),
  };
}

await answerTask(consume);
