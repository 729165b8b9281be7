import { Durability, PubSubClient } from "@opendxa/pubsub-client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type RunningBroker, startBroker } from "./index.js";

// Every wait inside is bounded; this bound is for machines on which a broker's start takes seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let broker: RunningBroker;
let client: PubSubClient;

beforeEach(async () => {
  broker = await startBroker();
  client = await PubSubClient.connect({ address: broker.address, closeTimeoutMs: 2_000 });
});
afterEach(async () => {
  await client.close();
  await broker.stop();
});

async function textsIn(topic: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const event of client.read(topic)) texts.push(event.text());
  return texts;
}

function at(topic: string, text: string, orderingKey?: string) {
  return { topic, event: { type: "t", text, orderingKey } };
}

it("stores events of several topics together, and says where each lies", async () => {
  await client.createTopic("orders");
  await client.createTopic("audit", { partitions: 4, durability: Durability.OS });
  await client.publish("orders", { type: "t", text: "before" });
  const receipts = await client.publishAtomic([
    at("orders", "one"),
    at("audit", "keyed", "a"),
    at("orders", "two"),
    at("audit", "keyed alike", "a"),
  ]);
  expect(receipts).toMatchObject([
    { topic: "orders", offset: 1n, durability: "fsync" },
    { topic: "audit", offset: 0n, durability: "fsync" },
    { topic: "orders", offset: 2n },
    { topic: "audit", offset: 1n },
  ]);
  await client.publish("orders", { type: "t", text: "after" });
  const ids: string[] = [];
  for await (const { id } of client.read("orders", { offset: 1n, eventsMax: 2 })) ids.push(id);
  expect(ids).toEqual([receipts[0]?.id, receipts[2]?.id]);
  expect(await textsIn("orders")).toEqual(["before", "one", "two", "after"]);
});

it("stores none when one is refused, by the client or by the broker, and goes on", async () => {
  await client.createTopic("orders");
  const refusals: [unknown, object][] = [
    [at("nowhere", "x"), { reason: "TOPIC_NOT_FOUND", metadata: { topic: "nowhere" } }],
    [
      { topic: "orders", event: { type: "t", subject: "a\nb" } },
      { reason: "EVENT_INVALID", metadata: { field: "subject" } },
    ],
    [{ event: { type: "t" } }, { reason: "TOPIC_NAME_INVALID" }],
  ];
  for (const [refused, error] of refusals) {
    const events = [at("orders", "one"), refused as never, at("orders", "two")];
    await expect(client.publishAtomic(events)).rejects.toMatchObject(error);
  }
  await expect(client.publishAtomic([])).rejects.toMatchObject({ metadata: { field: "events" } });
  await client.publishAtomic([at("orders", "three")]);
  expect(await textsIn("orders")).toEqual(["three"]);
});

it("refuses what no frame holds before it is sent, and keeps the stream", async () => {
  await client.createTopic("orders");
  await client.createTopic("wide", { partitions: 1_024 });
  const half = { type: "t", data: Buffer.alloc(520 * 1024) };
  await client.publish("orders", half);
  const lost = client.publishAtomic([
    { topic: "orders", event: half },
    { topic: "wide", event: half },
  ]);
  await expect(lost).rejects.toMatchObject({
    reason: "LIMIT_EXCEEDED",
    metadata: { field: "frame", limit: "1044480" },
  });
  const keys = Array.from({ length: 2_000 }, (_, key) => at("wide", "x", String(key)));
  await expect(client.publishAtomic(keys)).rejects.toMatchObject({
    reason: "LIMIT_EXCEEDED",
    metadata: { field: "batches", limit: "256" },
  });
  const most = { type: "t", data: Buffer.alloc(982_000) };
  const [stored] = await client.publishAtomic([{ topic: "orders", event: most }]);
  expect(stored?.offset).toBe(1n);
});

it("stores all of them once when the broker is killed meanwhile", async () => {
  await client.createTopic("one");
  await client.createTopic("two");
  const numbers = Array.from({ length: 200 }, (_, number) => String(number));
  const publishing = numbers.map((n) => client.publishAtomic([at("one", n), at("two", n)]));
  await Promise.race(publishing);
  await broker.kill("SIGKILL");
  await broker.restart();
  await Promise.all(publishing);
  expect(await textsIn("one")).toEqual(numbers);
  expect(await textsIn("two")).toEqual(numbers);
});
