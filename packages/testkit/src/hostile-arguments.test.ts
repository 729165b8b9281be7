import { PubSubClient, PubSubError, type ReceivedEvent } from "@opendxa/pubsub-client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type RunningBroker, startBroker } from "./index.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** What no argument of that place may be, and a few that some may: those must then do no harm. */
const VALUES: readonly unknown[] = [
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 32,
  2 ** 53,
  -1n,
  2n ** 63n,
  2n ** 64n,
  2n ** 70n,
  "",
  "soon",
  "a\u0000b",
  "\ud800",
  "x".repeat(5_000),
  true,
  null,
  Symbol("s"),
  [],
  [[1]],
  {},
  { a: 5 },
  new Date(Number.NaN),
  () => 1,
];

type Place = (client: PubSubClient, value: never) => unknown;

const publishing: Record<string, Place> = {
  topic: (client, value) => client.publish(value, { type: "x" }),
  event: (client, value) => client.publish("bad/a", value),
  priority: (client, priority) => client.publish("bad/a", { type: "x" }, { priority }),
  deliverTimeUnixMs: (client, deliverTimeUnixMs) =>
    client.publish("bad/a", { type: "x" }, { deliverTimeUnixMs }),
  atomicEvents: (client, events) => client.publishAtomic(events),
  atomicEvent: (client, event) => client.publishAtomic([{ topic: "bad/a", event }]),
  atomicTopic: (client, topic) => client.publishAtomic([{ topic, event: { type: "x" } }]),
  atomicPriority: (client, priority) =>
    client.publishAtomic([{ topic: "bad/a", event: { type: "x" } }], { priority }),
  batch: (client, value) => client.publishBatch(value),
  batchTopic: (client, topic) => client.publishBatch({ topic } as never),
  ...Object.fromEntries(
    [
      "id",
      "source",
      "type",
      "subject",
      "timeUnixNs",
      "correlationId",
      "causationId",
      "orderingKey",
      "expireTimeUnixMs",
      "data",
      "dataContentType",
      "dataSchema",
      "metadata",
      "attributes",
      "traceparent",
      "tracestate",
      "json",
      "text",
    ].map((field) => [
      field,
      (client: PubSubClient, value: unknown) =>
        client.publish("bad/a", { type: "x", [field]: value }),
    ]),
  ),
  feedbackMetrics: (client, metrics) =>
    client.publish("bad/a", {
      functionId: "f",
      executionId: "e",
      feedbackType: "quality",
      metrics,
    }),
  learningChanges: (client, changes) =>
    client.publish("bad/a", { functionId: "f", learningType: "improvement", changes }),
};

const subscribing: Record<string, Place> = Object.fromEntries(
  [
    "topic",
    "topics",
    "subscription",
    "start",
    "ackDeadlineMs",
    "retry",
    "attemptsMax",
    "deadLetterTopic",
    "order",
    "expiryMs",
    "settings",
    "consumerName",
    "creditBytes",
    "creditEvents",
    "concurrency",
    "leaseHeldMsMax",
  ].map((field) => [
    field,
    async (client: PubSubClient, value: unknown) => {
      const options = { topic: "bad/a", isEphemeral: field !== "subscription", [field]: value };
      const opened = await client.subscribe(options);
      await opened.close();
    },
  ]),
);

const asking: Record<string, Place> = {
  createTopicName: (client, name) => client.createTopic(name),
  createTopicSettings: (client, settings) => client.createTopic("bad/b", settings),
  ...Object.fromEntries(
    ["partitions", "durability", "index", "dedup", "retentionMs", "retentionBytes"].flatMap(
      (field) => [
        [
          `createTopic.${field}`,
          (client: PubSubClient, value: unknown) => client.createTopic("bad/c", { [field]: value }),
        ],
        [
          `updateTopic.${field}`,
          (client: PubSubClient, value: unknown) => client.updateTopic("bad/d", { [field]: value }),
        ],
      ],
    ),
  ),
  deleteTopic: (client, name) => client.deleteTopic(name),
  listTopics: async (client, pattern) => await all(client.listTopics(pattern)),
  readTopic: async (client, topic) => await all(client.read(topic)),
  readOffset: async (client, offset) => await all(client.read("bad/d", { offset })),
  readPartition: async (client, partition) => await all(client.read("bad/d", { partition })),
  readEventsMax: async (client, eventsMax) => await all(client.read("bad/d", { eventsMax })),
  correlated: async (client, id) => await all(client.eventsByCorrelationId(id)),
  cancelScheduled: (client, id) =>
    client.cancelScheduledEvent({ topic: "bad/d", source: "/s", id }),
  timeout: (client, timeoutMs) => client.getBroker({ timeoutMs }),
  createSubscription: (client, name) => client.createSubscription(name, { topic: "bad/a" }),
  getSubscription: (client, name) => client.getSubscription(name),
  deleteSubscription: (client, name) => client.deleteSubscription(name),
  updateAttempts: (client, attemptsMax) => client.subscriptions.update("watched", { attemptsMax }),
  updateRetry: (client, retry) => client.subscriptions.update("watched", { retry }),
  updateUnknown: (client, bogus) => client.subscriptions.update("watched", { bogus } as never),
  pauseReason: async (client, reason) => {
    await client.subscriptions.pause("other", reason);
  },
  seek: (client, target) => client.subscriptions.seek("other", target),
  seekSequence: (client, sequence) => client.subscriptions.seek("other", { sequence }),
  seekSnapshot: (client, snapshot) => client.subscriptions.seek("other", { snapshot }),
  seekOffset: (client, offset) => client.subscriptions.seek("other", { topic: "bad/a", offset }),
  seekPartition: (client, partition) =>
    client.subscriptions.seek("other", { topic: "bad/a", partition, offset: 0n }),
  snapshotName: (client, name) => client.subscriptions.createSnapshot(name, "other"),
  snapshotOf: (client, name) => client.subscriptions.createSnapshot("snapshot", name),
  skipSequence: (client, sequence) =>
    client.subscriptions.skipEvents("other", { sequence, firstIndex: 0 }),
  skipIndex: (client, firstIndex) =>
    client.subscriptions.skipEvents("other", { sequence: 1n, firstIndex }),
  releaseKey: (client, key) => client.subscriptions.releaseKey("other", key),
  consumeEvents: (client, creditEvents) => consumed(client, { creditEvents }),
  consumeBytes: (client, creditBytes) => consumed(client, { creditBytes }),
  consumeDeliveries: (client, deliveriesMax) => consumed(client, { deliveriesMax }),
  executionId: (client, executionId) =>
    client.registerExecution({ executionId, functionName: "f" }),
  executionKeys: (client, correlationKeys) =>
    client.registerExecution({ executionId: "e", functionName: "f", correlationKeys }),
  executionDeadline: (client, deadline) =>
    client.registerExecution({ executionId: "e", functionName: "f", deadline }),
  executionPolicy: (client, policy) =>
    client.registerExecution({ executionId: "e", functionName: "f", policy }),
  feedback: (client, feedback) =>
    client.submitFeedback({ correlationKeys: ["mlflow:run:none"], feedback }),
  feedbackKeys: (client, correlationKeys) =>
    client.submitFeedback({ correlationKeys, feedback: { comments: "c" } }),
  waitDeadline: (client, deadline) => client.awaitFeedback("nothing", { deadline }),
  waitPolicy: (client, policy) => client.awaitFeedback("nothing", { policy }),
};

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function consumed(client: PubSubClient, options: object): Promise<void> {
  for await (const event of client.subscriptions.consume("other", { waitMs: 1, ...options })) {
    await event.ack();
  }
}

const settling: Record<string, (event: ReceivedEvent, value: never) => unknown> = {
  delayMs: (event, delayMs) => event.nack({ delayMs }),
  reason: (event, reason) => event.nack({ reason }),
  deadlineMs: (event, deadlineMs) => event.extend(deadlineMs),
};

let broker: RunningBroker;
let client: PubSubClient;

beforeAll(async () => {
  broker = await startBroker();
  client = await PubSubClient.connect({ address: broker.address, source: "/hostile" });
  for (const topic of ["bad/a", "bad/d", "good"]) await client.createTopic(topic);
  await client.createSubscription("other", { topic: "bad/a" });
  await client.createSubscription("watched", {
    topic: "good",
    start: "earliest",
    retry: { minMs: 1, maxMs: 1 },
  });
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

/** Fails unless it worked or was refused for a reason that the caller can act on. */
async function expectTyped(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof PubSubError)) throw error;
    const { reason, metadata, retryable } = error;
    expect(retryable, `${reason}: ${error.message}`).toBe(false);
    expect(Object.keys(metadata), error.message).not.toEqual([]);
  }
}

const named = (places: Record<string, unknown>) => Object.keys(places);

describe.each(Object.entries({ publishing, subscribing, asking }))("%s", (_family, places) => {
  it.each(named(places))("%s: whatever is given is taken or refused by name", async (name) => {
    for (const value of VALUES) {
      await expectTyped(() => places[name]?.(client, value as never));
    }
    // What came before broke nothing for anybody else on the same client.
    const receipt = await client.publish("good", { type: "still" });
    expect(receipt.durability).toBe("fsync");
  });
});

it.each(named(settling))("settling, %s: refused before the event is touched", async (name) => {
  for (const value of VALUES) {
    await client.publish("good", { type: "settled" });
    for await (const event of client.subscriptions.consume("watched", { deliveriesMax: 1 })) {
      await expectTyped(() => settling[name]?.(event, value as never));
      if (!event.isSettled) expect(await event.ack()).toBe("settled");
    }
  }
});
