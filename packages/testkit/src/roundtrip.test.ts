import {
  type ClientOptions,
  PubSubClient,
  PubSubError,
  type ReceivedEvent,
} from "@opendxa/pubsub-client";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { type RunningBroker, startBroker } from "./index.js";

// Every wait inside is bounded; this bound is for machines on which a broker's start takes seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let broker: RunningBroker;
const clients: PubSubClient[] = [];

beforeAll(async () => {
  broker = await startBroker();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  await broker.stop();
});

async function connect(options: ClientOptions = {}): Promise<PubSubClient> {
  const client = await PubSubClient.connect({ address: broker.address, ...options });
  clients.push(client);
  return client;
}

async function takeOne(events: AsyncIterable<ReceivedEvent>): Promise<ReceivedEvent> {
  for await (const event of events) {
    expect(await event.ack()).toBe("settled");
    return event;
  }
  throw new Error("the subscription ended without an event");
}

it("carries every field and every kind of payload unharmed", async () => {
  const client = await connect({ source: "/tests/ünïcode" });
  await client.createTopic("roundtrip");
  const subscription = await client.subscribe({ subscription: "roundtrip", topic: "roundtrip" });
  const nested = { text: "日本語 🎉 \u0000", list: [1, [2, { three: null }]], big: 2n ** 63n };
  const receipt = await client.publish("roundtrip", {
    type: "test.nested",
    subject: "a subject",
    timeUnixNs: 1_700_000_000_123_456_789n,
    correlationId: "corr",
    causationId: "cause",
    orderingKey: "ключ",
    attributes: { "": "empty name", emoji: "🎉" },
    metadata: { version: "1", service: "s", environment: "e" },
    traceparent: "00-1-2-3",
    json: nested,
  });
  expect(receipt).toMatchObject({
    topic: "roundtrip",
    offset: 0n,
    duplicate: false,
    durability: "fsync",
  });
  const event = await takeOne(subscription);
  expect(event.json()).toEqual({ ...nested, big: "9223372036854775808" });
  expect({
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject,
    time: event.timeUnixNs,
    correlation: event.correlationId,
    cause: event.causationId,
    key: event.orderingKey,
    attributes: event.attributes,
    metadata: event.metadata,
    traceparent: event.traceparent,
    contentType: event.dataContentType,
    attempt: event.attempt,
    offset: event.offset,
  }).toEqual({
    id: receipt.id,
    source: "/tests/ünïcode",
    type: "test.nested",
    subject: "a subject",
    time: 1_700_000_000_123_456_789n,
    correlation: "corr",
    cause: "cause",
    key: "ключ",
    attributes: { "": "empty name", emoji: "🎉" },
    metadata: { version: "1", service: "s", environment: "e" },
    traceparent: "00-1-2-3",
    contentType: "application/json",
    attempt: 1,
    offset: 0n,
  });
});

it("carries empty, binary and large payloads", async () => {
  const client = await connect();
  await client.createTopic("payloads");
  const payloads = [
    new Uint8Array(0),
    Uint8Array.from({ length: 256 }, (_unused, index) => index),
    new Uint8Array(900 * 1024).fill(7),
  ];
  await client.publishMany("payloads", payloads);
  const read: Uint8Array[] = [];
  for await (const event of client.read("payloads")) read.push(Uint8Array.from(event.data));
  expect(read.map((data) => data.length)).toEqual(payloads.map((data) => data.length));
  for (const [index, data] of read.entries())
    expect(Buffer.compare(data, payloads[index] as Uint8Array)).toBe(0);
});

it("turns typed feedback into the contract's JSON and back", async () => {
  const client = await connect();
  const subscription = await client.subscribe({ subscription: "typed", topic: "feedback" });
  await client.publish("feedback", {
    functionId: "detect_drift",
    executionId: "e-1",
    feedbackType: "quality",
    metrics: { f1: 0.5 },
    context: { keepMyCase: { aB: 1 }, keep_mine_too: [null] },
  });
  const event = await takeOne(subscription);
  expect([event.type, event.correlationId]).toEqual(["feedback", "e-1"]);
  expect(event.json()).toEqual({
    function_id: "detect_drift",
    execution_id: "e-1",
    feedback_type: "quality",
    metrics: { f1: 0.5 },
    context: { keepMyCase: { aB: 1 }, keep_mine_too: [null] },
  });
  expect(event.feedback()).toMatchObject({
    executionId: "e-1",
    metrics: { f1: 0.5 },
    suggestions: [],
  });
});

it("keeps the order of ten thousand events of one turn", async () => {
  const client = await connect();
  await client.createTopic("many");
  const receipts = await client.publishMany(
    "many",
    Array.from({ length: 10_000 }, (_unused, index) => ({ type: "t", text: String(index) })),
  );
  expect(receipts.map(({ offset }) => Number(offset))).toEqual(
    receipts.map((_unused, index) => index),
  );
  let next = 0;
  for await (const event of client.read("many")) {
    expect(event.text()).toBe(String(next));
    next += 1;
  }
  expect(next).toBe(10_000);
});

it("spreads over partitions by key and gives what it was asked for", async () => {
  const client = await connect();
  await client.createTopic("spread", { partitions: 4 });
  const events = Array.from({ length: 200 }, (_unused, index) => ({
    type: "t",
    orderingKey: `key-${index % 10}`,
    text: String(index),
  }));
  const receipts = await client.publishMany("spread", events);
  const partitionOfKey = new Map<string, number>();
  receipts.forEach(({ partition }, index) => {
    const key = events[index]?.orderingKey ?? "";
    expect(partitionOfKey.get(key) ?? partition).toBe(partition);
    partitionOfKey.set(key, partition);
  });
  expect(new Set(partitionOfKey.values()).size).toBeGreaterThan(1);
});

it("refuses one event and stores the others", async () => {
  const client = await connect();
  await client.createTopic("refusals");
  const stored = client.publish("refusals", { type: "t", text: "good" });
  const tooOld = client.publish("missing-topic", { type: "t" });
  await expect(stored).resolves.toMatchObject({ offset: 0n });
  await expect(tooOld).rejects.toMatchObject({ reason: "TOPIC_NOT_FOUND" });
  await expect(client.publish("refusals", { type: "" })).rejects.toMatchObject({
    reason: "EVENT_INVALID",
  });
  await expect(client.publish("bad//name", { type: "t" })).rejects.toMatchObject({
    reason: "TOPIC_NAME_INVALID",
  });
  await expect(client.publish("refusals", new Uint8Array(970 * 1024))).rejects.toMatchObject({
    reason: "LIMIT_EXCEEDED",
  });
  await expect(client.publish("refusals", { type: "t", text: "after" })).resolves.toMatchObject({
    offset: 1n,
  });
});

it("delivers again what a handler throws at, with the attempt counted", async () => {
  const client = await connect();
  await client.createTopic("handled");
  const attempts: number[] = [];
  let done: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const options = { subscription: "handled", topic: "handled", retry: { minMs: 1, maxMs: 1 } };
  const subscription = await client.subscribe(options, (event) => {
    attempts.push(event.attempt);
    if (event.attempt < 3) throw new Error("not yet");
    done();
  });
  await client.publish("handled", { type: "t" });
  await finished;
  await subscription.close();
  expect(attempts).toEqual([1, 2, 3]);
});

it("shares a subscription between consumers, each event to one", async () => {
  const [first, second] = [await connect(), await connect()];
  await first.createTopic("shared");
  const seen = { first: new Set<string>(), second: new Set<string>() };
  const options = { subscription: "shared", topic: "shared", creditEvents: 5 };
  let done: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const handle = (who: Set<string>) => async (event: ReceivedEvent) => {
    who.add(event.id);
    if (seen.first.size + seen.second.size === 300) done();
    await new Promise((resolve) => setImmediate(resolve));
  };
  await first.subscribe(options, handle(seen.first));
  await second.subscribe(options, handle(seen.second));
  // One batch after another: a batch is handed out whole or in runs, to whoever has room.
  for (let batch = 0; batch < 30; batch += 1) {
    await first.publishMany(
      "shared",
      Array.from({ length: 10 }, () => ({ type: "t" })),
    );
  }
  await finished;
  expect([...seen.first].filter((id) => seen.second.has(id))).toEqual([]);
  expect(Math.min(seen.first.size, seen.second.size)).toBeGreaterThan(0);
});

it("holds a slow consumer's backlog at the broker, not in its memory", async () => {
  const client = await connect();
  await client.createTopic("slow");
  const subscription = await client.subscribe({
    subscription: "slow",
    topic: "slow",
    creditEvents: 10,
  });
  await client.publishMany(
    "slow",
    Array.from({ length: 500 }, (_unused, index) => ({ type: "t", text: String(index) })),
  );
  let next = 0;
  let waitingMost = 0;
  for await (const event of subscription) {
    expect(event.text()).toBe(String(next));
    waitingMost = Math.max(waitingMost, subscription.waiting);
    void event.ack();
    next += 1;
    if (next === 500) break;
  }
  expect(waitingMost).toBeLessThan(10);
});

it("closes after what runs, and gives the rest back", async () => {
  const client = await connect();
  await client.createTopic("closing");
  const options = { subscription: "closing", topic: "closing" };
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun: () => void = () => undefined;
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const first = await client.subscribe({ ...options, retry: { minMs: 1, maxMs: 1 } }, async () => {
    begun();
    await released;
  });
  await client.publishMany("closing", [
    { type: "t", text: "handled" },
    { type: "t", text: "left" },
  ]);
  await running;
  const closing = first.close();
  release();
  await closing;
  const again = await client.subscribe({ subscription: "closing" });
  expect((await takeOne(again)).text()).toBe("left");
});

it("says what it does not accept, before anything is sent", async () => {
  const client = await connect();
  await expect(client.subscribe("feedback")).rejects.toMatchObject({
    reason: "BAD_REQUEST",
    metadata: { field: "subscription" },
  });
  await expect(client.subscribe({ subscription: "absent" })).rejects.toMatchObject({
    reason: "SUBSCRIPTION_NOT_FOUND",
  });
  await expect(
    client.subscribe({ subscription: "x", topic: "a", creditBytes: 1 }),
  ).rejects.toMatchObject({ reason: "BAD_REQUEST" });
  await expect(
    PubSubClient.connect({ address: "127.0.0.1:1", connectTimeoutMs: 300 }),
  ).rejects.toSatisfy(
    (error) =>
      error instanceof PubSubError && ["CONNECTION_LOST", "TIMED_OUT"].includes(error.reason),
  );
});

it("hands cancellation on unwrapped", async () => {
  const client = await connect();
  await client.createTopic("abort");
  const controller = new AbortController();
  const reading = (async () => {
    for await (const event of client.read("abort", { follow: true, signal: controller.signal }))
      void event;
  })();
  controller.abort();
  await expect(reading).rejects.toBe(controller.signal.reason);
  await expect(client.publish("abort", { type: "t" }, { signal: controller.signal })).rejects.toBe(
    controller.signal.reason,
  );
});

it("manages topics and subscriptions", async () => {
  const client = await connect({ name: "manager" });
  await client.createTopic("managed/a", { partitions: 2 });
  await client.createTopic("managed/a", { partitions: 2 });
  await expect(client.createTopic("managed/a", { partitions: 3 })).rejects.toMatchObject({
    reason: "TOPIC_EXISTS",
  });
  expect((await client.getTopic("managed/a")).partitions).toHaveLength(2);
  const topics: string[] = [];
  for await (const { name } of client.listTopics("managed/*")) topics.push(name);
  expect(topics).toEqual(["managed/a"]);
  await client.createSubscription("managed", { topic: "managed/a", start: "earliest" });
  expect((await client.getSubscription("managed")).settings?.patterns).toEqual(["managed/a"]);
  const subscription = await client.subscribe("managed/*");
  expect(subscription.name).toBe("manager:managed/_any");
  await client.deleteSubscription("managed");
  await expect(client.getSubscription("managed")).rejects.toMatchObject({
    reason: "SUBSCRIPTION_NOT_FOUND",
  });
  expect((await client.getBroker()).namespaces).toContain("default");
});

it("fences the older of two clients with one producer id", async () => {
  const producerId = new Uint8Array(16).fill(9);
  const [older, newer] = [await connect({ producerId }), await connect({ producerId })];
  await older.createTopic("fenced");
  await older.publish("fenced", { type: "t" });
  await newer.publish("fenced", { type: "t", orderingKey: "other" }).catch(() => undefined);
  await expect(older.publish("fenced", { type: "t" })).rejects.toMatchObject({
    reason: "PRODUCER_FENCED",
  });
});

it("begins publishes in the order of their calls, however each had to wait", async () => {
  const client = await connect({ unackedBytesMax: 1024 * 1024, publishTimeoutMs: 20_000 });
  await client.createTopic("in-turn");
  const data = new Uint8Array(20_000);
  const publishes: Promise<unknown>[] = [];
  for (let index = 0; index < 100; index += 1) {
    publishes.push(client.publish("in-turn", { type: "t", subject: String(index), data }));
    // Calls from other turns and microtasks must not overtake those that wait for room or the topic.
    if (index % 7 === 0) await Promise.resolve();
    if (index % 31 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (client.unackedBytes > 900_000) await publishes.shift();
  }
  await Promise.all(publishes);
  const subjects: string[] = [];
  for await (const event of client.read("in-turn")) subjects.push(event.subject ?? "");
  expect(subjects).toEqual(Array.from({ length: 100 }, (_unused, index) => String(index)));
});

it("has many calls in flight without Node's warning of a leak: each listens for the end", async () => {
  const client = await connect();
  const warnings: string[] = [];
  const note = ({ name }: Error) => warnings.push(name);
  process.on("warning", note);
  try {
    const names = Array.from({ length: 40 }, (_, i) => `many-${i}`);
    await Promise.all(names.map((name) => client.createTopic(name)));
  } finally {
    process.off("warning", note);
  }
  expect(warnings).toEqual([]);
});
