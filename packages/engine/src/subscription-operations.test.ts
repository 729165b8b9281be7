import {
  type BlockedKey,
  DeliveryOrder,
  type GetAccountingResponse,
  ListBlockedKeysRequest,
  Priority,
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

  it("holds over all lanes, dead letters and skips, and nothing is counted twice", async () => {
    const settings = { patterns: ["a"], start: earliest, attemptsMax: 1 };
    await world.engine.createSubscription("lanes", SubscriptionSettings.create(settings));
    for (const priority of [Priority.LOW, Priority.NORMAL, Priority.HIGH]) {
      await world.publishTo({ topic: "a", priority }, `${priority}-1`, `${priority}-2`);
    }
    const of = () => world.engine.getAccounting("lanes");
    expect(await of()).toMatchObject({ entered: 6n, unexamined: 6n });
    const inbox = new Inbox();
    const consumer = await world.join("lanes", inbox);
    await until(() => inbox.received.length === 6);
    world.nack(consumer, inbox.received[0] as Received, 0);
    await until(() => inbox.verdictsSeen.length > 0);
    world.ack(consumer, inbox.received.slice(2, 3));
    const { sequence, index } = inbox.received[4] as Received;
    const span = { sequence, firstIndex: index, lastIndex: index };
    expect(await world.engine.skipEvents({ namespace: "", subscription: "lanes", ...span })).toBe(
      1,
    );
    const counts = await of();
    expect(totalOf(counts)).toBe(6n);
    expect(counts).toMatchObject({ deadLettered: 1n, acked: 1n, skipped: 1n, leased: 3n });
    await world.powerCut("drop");
    expect(await of()).toMatchObject({
      ...counts,
      sequence: expect.any(BigInt),
      leased: 0n,
      unexamined: 3n,
    });
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

  /** Three keys whose first event failed, with one behind it. */
  async function blocked(): Promise<void> {
    const order = DeliveryOrder.KEY;
    const settings = { patterns: ["a", "b"], start: earliest, order };
    await world.engine.createSubscription("keyed", SubscriptionSettings.create(settings));
    for (const [topic, orderingKey] of [
      ["a", "k2"],
      ["a", "k1"],
      ["b", "k2"],
    ] as const) {
      await world.publishTo({ topic, orderingKey }, `${topic}-${orderingKey}-1`);
      await world.publishTo({ topic, orderingKey }, `${topic}-${orderingKey}-2`);
    }
    const inbox = new Inbox();
    const consumer = await world.join("keyed", inbox);
    await until(() => inbox.received.length === 6);
    for (const event of inbox.received.filter(({ id }) => id.endsWith("-1"))) {
      world.nack(consumer, event, 60_000);
    }
    await until(() => inbox.verdictsSeen.length > 0);
    consumer.close();
  }

  it("are listed in stable pages, released and skipped, also without consumers", async () => {
    await blocked();
    const keyed = { subscription: "keyed" };
    const first = await list({ ...keyed, pageSize: 2 });
    expect(first.keys).toMatchObject([
      { orderingKey: "k1", topic: "a", attempts: 1, reason: "test", held: 1 },
      { orderingKey: "k2", topic: "a", attempts: 1, held: 1 },
    ]);
    const release = { namespace: "", ...keyed, orderingKey: "k1", topic: "" };
    await world.engine.releaseKey(release);
    const rest = await list({ ...keyed, pageSize: 2, pageToken: first.nextPageToken });
    expect(rest).toMatchObject({ keys: [{ orderingKey: "k2", topic: "b" }], nextPageToken: "" });
    await expect(
      world.engine.releaseKey({ ...release, orderingKey: "k2", topic: "other" }),
    ).rejects.toMatchObject({ reason: "EVENT_NOT_FOUND" });
    const { sequence, index } = rest.keys[0] as BlockedKey;
    const span = { sequence, firstIndex: index, lastIndex: index };
    expect(await world.engine.skipEvents({ namespace: "", ...keyed, ...span })).toBe(1);
    const inbox = new Inbox();
    const consumer = await world.join("keyed", inbox);
    await until(() => inbox.received.length === 2);
    expect(inbox.ids.sort()).toEqual(["a-k1-1", "b-k2-2"]);
    world.ack(consumer, inbox.received);
    await until(() => inbox.received.length === 3);
    expect(inbox.ids[2]).toBe("a-k1-2");
    world.ack(consumer, inbox.received.slice(2));
    await until(() => inbox.verdictsSeen.length > 1);
    expect((await list(keyed)).keys).toMatchObject([{ orderingKey: "k2", topic: "a" }]);
    await passUntil(world.clock, () => inbox.received.length === 4);
    const counts = await world.engine.getAccounting("keyed");
    expect([totalOf(counts), counts.acked, counts.skipped]).toEqual([6n, 3n, 1n]);
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
