import {
  type GetAccountingResponse,
  ListBlockedKeysRequest,
  StartPosition,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { Inbox, passUntil, type Received, until, World } from "./test/world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });
const name = "learner";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.open();
  for (const topic of ["a", "b", "other"]) await world.engine.createTopic(topic, undefined);
  const settings = { patterns: ["a", "b"], start: earliest };
  await world.engine.createSubscription(name, SubscriptionSettings.create(settings));
});

function totalOf(counts: GetAccountingResponse): bigint {
  const { acked, deadLettered, expired, filtered, skipped, leased, waiting, unexamined } = counts;
  return acked + deadLettered + expired + filtered + skipped + leased + waiting + unexamined;
}

async function account(): Promise<GetAccountingResponse> {
  const counts = await world.engine.getAccounting(name);
  expect(totalOf(counts)).toBe(counts.entered);
  return counts;
}

function skip(sequence: bigint, firstIndex: number, lastIndex = firstIndex) {
  const place = { sequence, firstIndex, lastIndex };
  return world.engine.skipEvents({ namespace: "", subscription: name, ...place });
}

describe("accounting", () => {
  it("knows where every event is, with consumers and without", async () => {
    await world.publish("a", "1", "2", "3");
    await world.publish("other", "x");
    await world.publish("b", "4");
    expect(await account()).toMatchObject({ epoch: 1, entered: 4n, unexamined: 4n, acked: 0n });
    const inbox = new Inbox();
    const consumer = await world.join(name, inbox);
    await until(() => inbox.received.length === 4);
    expect(await account()).toMatchObject({ entered: 4n, leased: 4n, unexamined: 0n });
    world.ack(consumer, inbox.received.slice(1, 2));
    world.nack(consumer, inbox.received[3] as Received, 60_000);
    expect(await account()).toMatchObject({ entered: 4n, acked: 1n, leased: 2n, waiting: 1n });
    consumer.close();
    expect(await account()).toMatchObject({ entered: 4n, acked: 1n, leased: 0n });
    await world.powerCut("keep");
    const counts = await account();
    expect(counts).toMatchObject({ entered: 4n, acked: 1n, unexamined: 3n, waiting: 0n });
    expect(counts.sequence).toBe(world.engine.stats().durableSequence);
  });

  it("is of the sequence at which it was asked, while more is published", async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `${i}`);
    const published = ids.map((id) => world.publish("a", id));
    const asked = account();
    await Promise.all(ids.map((id) => world.publish("b", `later-${id}`)));
    await Promise.all(published);
    const counts = await asked;
    let before = 0n;
    const read = { partition: 0, offset: 0n, eventsMax: 0n, follow: false };
    for (const topic of ["a", "b"]) {
      const batches = world.engine.readEvents({ ...read, topic }, new AbortController().signal);
      for await (const group of batches) {
        before += BigInt(group.filter(({ sequence }) => sequence <= counts.sequence).length);
      }
    }
    expect(counts.entered).toBe(before);
  });

  it("counts what leaves by retention once", async () => {
    await world.publish("a", "1", "2");
    await world.publish("b", "3");
    await world.engine.deleteTopic("b");
    await passUntil(world.clock, () => world.engine.stats().batchesExpired > 0);
    expect(await account()).toMatchObject({ entered: 3n, expired: 1n, unexamined: 2n });
  });

  it("answers for subscriptions that exist", async () => {
    await expect(world.engine.getAccounting("nobody")).rejects.toMatchObject({
      reason: "SUBSCRIPTION_NOT_FOUND",
    });
  });
});

describe("skipping", () => {
  it("settles leased events, whose acks are stale, and those that nobody looked at", async () => {
    await world.publish("a", "1", "2", "3");
    const inbox = new Inbox();
    const consumer = await world.join(name, inbox);
    await until(() => inbox.received.length === 3);
    const { sequence } = inbox.received[0] as Received;
    expect(await skip(sequence, 0, 1)).toBe(2);
    expect(await skip(sequence, 0, 1)).toBe(0);
    world.ack(consumer, inbox.received);
    await until(() => inbox.verdictsSeen.length > 0);
    expect(inbox.verdictsSeen[0]?.exceptions).toHaveLength(2);
    expect(await account()).toMatchObject({ skipped: 2n, acked: 1n, entered: 3n });
    consumer.close();
    await world.publish("b", "4", "5");
    const ahead = world.engine.stats().durableSequence;
    expect(await skip(ahead, 1)).toBe(1);
    expect(await account()).toMatchObject({ skipped: 3n, acked: 1n, entered: 5n });
  });

  it("works on a subscription without consumers, over a power cut", async () => {
    await world.publish("a", "1", "2", "3");
    const counts = await account();
    expect(await skip(counts.sequence, 1, 9)).toBe(2);
    await world.powerCut("keep");
    expect(await account()).toMatchObject({ skipped: 2n, unexamined: 1n, entered: 3n });
    const inbox = new Inbox();
    await world.join(name, inbox);
    await until(() => inbox.received.length === 1);
    expect(inbox.ids).toEqual(["1"]);
  });

  it("refuses places that hold nothing of the subscription", async () => {
    await world.publish("a", "1");
    await world.publish("other", "x");
    const { sequence } = await account();
    const missing = { reason: "EVENT_NOT_FOUND" };
    await expect(skip(sequence, 0), "another topic").rejects.toMatchObject(missing);
    await expect(skip(sequence + 100n, 0), "the future").rejects.toMatchObject(missing);
    await expect(skip(sequence - 1n, 1), "behind the batch").rejects.toMatchObject(missing);
    await expect(skip(sequence - 1n, 1, 0)).rejects.toMatchObject({
      reason: "BAD_REQUEST",
      metadata: { field: "last_index" },
    });
  });
});

describe("blocked keys", () => {
  const list = (more: Partial<ListBlockedKeysRequest> = {}) =>
    world.engine.listBlockedKeys(
      ListBlockedKeysRequest.create({ namespace: "", subscription: name, ...more }),
    );

  it("are none without order, and none can be released", async () => {
    expect(await list()).toEqual({ keys: [], nextPageToken: "" });
    const request = { namespace: "", subscription: name, orderingKey: "k", topic: "" };
    await expect(world.engine.releaseKey(request)).rejects.toMatchObject({
      reason: "EVENT_NOT_FOUND",
      metadata: { ordering_key: "k" },
    });
    await expect(world.engine.releaseKey({ ...request, topic: "no" })).rejects.toMatchObject({
      reason: "TOPIC_NOT_FOUND",
    });
  });

  it("are listed in pages of a bounded size", async () => {
    await expect(list({ pageSize: 1_001 })).rejects.toMatchObject({ reason: "LIMIT_EXCEEDED" });
    for (const pageToken of ["x", Buffer.from("[1]").toString("base64url")]) {
      await expect(list({ pageToken })).rejects.toMatchObject({
        reason: "BAD_REQUEST",
        metadata: { field: "page_token" },
      });
    }
  });

  it("end with the broker", async () => {
    await world.engine.close();
    await expect(list()).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
  });
});
