import { type ClientState, PubSubClient, type ReceivedEvent } from "@opendxa/pubsub-client";
import { encodeBatch } from "@opendxa/pubsub-protocol";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Relay, type RunningBroker, startBroker, waitUntil } from "./index.js";

// Every wait inside is bounded; this bound is for machines on which a broker's start takes seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let broker: RunningBroker;
const clients: PubSubClient[] = [];

beforeEach(async () => {
  broker = await startBroker({ config: { heartbeatMs: 1000 } });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await broker.stop();
});

async function connect(options = {}): Promise<PubSubClient> {
  const client = await PubSubClient.connect({
    address: broker.address,
    closeTimeoutMs: 2_000,
    ...options,
  });
  clients.push(client);
  return client;
}

function textsOf(count: number, from = 0): { type: string; text: string }[] {
  return Array.from({ length: count }, (_unused, index) => ({
    type: "t",
    text: String(from + index),
  }));
}

it("loses and doubles nothing that it was publishing when the broker was killed", async () => {
  const client = await connect();
  await client.createTopic("killed");
  const states: ClientState[] = [];
  client.onStateChange(({ state }) => states.push(state));
  const receipts = [];
  for (let round = 0; round < 3; round += 1) {
    const publishing = client.publishMany("killed", textsOf(2_000, round * 2_000));
    await broker.kill("SIGKILL");
    await broker.restart();
    receipts.push(...(await publishing));
  }
  const read: string[] = [];
  for await (const event of client.read("killed")) read.push(event.text());
  expect(read).toEqual(textsOf(6_000).map(({ text }) => text));
  expect(new Set(receipts.map(({ offset }) => offset)).size).toBe(6_000);
  expect(states).toContain("reconnecting");
  expect(states.at(-1)).toBe("connected");
});

async function textsIn(client: PubSubClient): Promise<string[]> {
  const texts: string[] = [];
  for await (const event of client.read("batches")) texts.push(event.text());
  return texts;
}

it("is known again with every batch that was under way, however many to one topic-partition", async () => {
  const relay = await Relay.open(broker.address);
  const client = await connect({ address: relay.address });
  const direct = await connect();
  await client.createTopic("batches");
  await client.publish("batches", { type: "t", text: "first" });
  relay.loseAnswers();
  const ids = textsOf(1_000).map(({ text }) => text);
  const publishing = ids.map((id) => {
    const events = [{ id, type: "t", data: Buffer.from(id) }];
    return client.publishBatch(encodeBatch({ topic: "batches", events }));
  });
  await waitUntil("several batches are stored", async () => (await textsIn(direct)).length > 30);
  relay.cut();
  const outcomes = await Promise.allSettled(publishing);
  expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
  expect(await textsIn(direct)).toEqual(["first", ...ids]);
  await relay.close();
});

it("creates its subscription again that was deleted while there was no connection", async () => {
  const relay = await Relay.open(broker.address);
  const client = await connect({ address: relay.address });
  const direct = await connect();
  await direct.createTopic("again");
  const seen: string[] = [];
  const options = { subscription: "again", topic: "again", start: "earliest" } as const;
  await client.subscribe(options, (event) => {
    seen.push(event.text());
  });
  const port = Number(relay.address.split(":").at(-1));
  await relay.close();
  await direct.deleteSubscription("again");
  const back = await Relay.open(broker.address, port);
  await direct.publish("again", { type: "t", text: "there" });
  await waitUntil("it is consumed again", () => seen.includes("there"));
  await back.close();
});

it("goes on with a subscription after a restart, and settles what was not settled", async () => {
  const client = await connect();
  await client.createTopic("resumed");
  const seen = new Map<string, number>();
  const retry = { minMs: 1, maxMs: 10 };
  const subscription = await client.subscribe(
    { subscription: "resumed", topic: "resumed", retry },
    (event: ReceivedEvent) => {
      seen.set(event.text(), (seen.get(event.text()) ?? 0) + 1);
    },
  );
  await client.publishMany("resumed", textsOf(100));
  await broker.kill("SIGKILL");
  await broker.restart();
  await client.publishMany("resumed", textsOf(100, 100));
  await waitUntil("all events arrived", () => seen.size === 200);
  await subscription.close();
  const again = await client.subscribe({ subscription: "resumed" });
  await client.publish("resumed", { type: "t", text: "the next" });
  const rest: string[] = [];
  for await (const event of again) {
    rest.push(event.text());
    await event.ack();
    if (event.text() === "the next") break;
  }
  expect(rest).toEqual(["the next"]);
});

it("follows a topic across a restart without a hole", async () => {
  const client = await connect();
  await client.createTopic("followed");
  await client.publishMany("followed", textsOf(10));
  const read: string[] = [];
  const reading = (async () => {
    for await (const event of client.read("followed", { follow: true, eventsMax: 20 }))
      read.push(event.text());
  })();
  await waitUntil("the first half was read", () => read.length === 10);
  await broker.kill("SIGKILL");
  await broker.restart();
  await client.publishMany("followed", textsOf(10, 10));
  await reading;
  expect(read).toEqual(textsOf(20).map(({ text }) => text));
});

it("notices a broker that stands still, and comes back with it", async () => {
  const client = await connect();
  await client.createTopic("still");
  await client.publish("still", { type: "t" });
  const subscription = await client.subscribe({ subscription: "still", topic: "still" });
  broker.signal("SIGSTOP");
  await waitUntil("the client noticed", () => client.state === "reconnecting");
  const publishing = client.publish("still", { type: "t", text: "meanwhile" });
  broker.signal("SIGCONT");
  expect((await publishing).offset).toBe(1n);
  for await (const event of subscription) {
    expect(event.text()).toBe("meanwhile");
    break;
  }
  await waitUntil("the client is back", () => client.state === "connected");
});

it("bounds what waits for a broker that is away", async () => {
  const client = await connect({
    unackedBytesMax: 1024 * 1024,
    publishTimeoutMs: 500,
    requestTimeoutMs: 500,
  });
  await client.createTopic("away");
  await client.publish("away", { type: "t" });
  await broker.kill("SIGKILL");
  const half = new Uint8Array(500 * 1024);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, () => client.publish("away", half)),
  );
  const reasons = outcomes.map((outcome) =>
    outcome.status === "rejected" ? outcome.reason.reason : "stored",
  );
  expect(reasons).toEqual([
    "TIMED_OUT",
    "TIMED_OUT",
    "BUFFER_FULL",
    "BUFFER_FULL",
    "BUFFER_FULL",
    "BUFFER_FULL",
  ]);
  await client.flush();
  await expect(client.subscribe({ subscription: "away", topic: "away" })).rejects.toMatchObject({
    reason: "TIMED_OUT",
  });
  await client.close();
  await expect(client.publish("away", half)).rejects.toMatchObject({ reason: "CLIENT_CLOSED" });
});

it("says who cannot be reached, and why, also while it makes no attempt", async () => {
  const client = await connect();
  await broker.stop();
  const calls = Array.from({ length: 20 }, () =>
    client.createTopic("nowhere", undefined, { timeoutMs: 500 }),
  );
  const errors = (await Promise.allSettled(calls)).map((each) =>
    each.status === "rejected" ? String(each.reason) : "",
  );
  expect(errors.filter((text) => !text.includes("CONNECTION_LOST"))).toEqual([]);
  const alone = errors.filter((text) => text.includes("is left alone for a moment"));
  expect(alone.length).toBeGreaterThan(0);
  for (const text of alone) expect(text).toContain(broker.address);
});

it("waits for feedback across a restart of the broker", async () => {
  const client = await connect();
  await client.registerExecution({
    executionId: "e-1",
    functionName: "detect_drift",
    correlationKeys: ["test:run:1"],
  });
  const waiting = client.awaitFeedback("e-1", { waitId: "w-1" });
  await broker.kill("SIGKILL");
  await broker.restart();
  const { matches } = await client.submitFeedback({
    correlationKeys: ["test:run:1"],
    feedback: { feedbackType: "quality", timestamp: "2026-01-01T00:00:00Z" },
  });
  expect(matches).toMatchObject([{ executionId: "e-1" }]);
  const { outcome, feedback } = await waiting;
  expect(outcome).toBe("feedback");
  expect(feedback.map((event) => event.feedback().executionId)).toEqual(["e-1"]);
  const correlated: string[] = [];
  for await (const event of client.eventsByCorrelationId("e-1")) correlated.push(event.type);
  expect(correlated).toContain("feedback");
});

it("ends cleanly when asked to, and refuses a second broker on its folder", async () => {
  const second = startBroker({ dataFolder: broker.dataFolder });
  await expect(second).rejects.toThrow(/code 3/);
  expect(await broker.kill("SIGTERM")).toEqual({ code: 0, signal: null });
});
