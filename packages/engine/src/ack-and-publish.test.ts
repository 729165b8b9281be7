import {
  ACK_AND_PUBLISH_EVENTS_MAX,
  AckAndPublishRequest,
  ErrorReason,
  encodeBatch,
  PublishFrame,
  type RecordBatch,
  StartPosition,
  SubscribeOpen,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import type { Consumer } from "./engine-api.js";
import { Inbox, type Received, until, World } from "./test/world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });
const producerId = new Uint8Array(16).fill(3);

let world: World;
let inbox: Inbox;
let consumer: Consumer;
beforeEach(async () => {
  world = new World();
  await world.open();
  await world.engine.createTopic("in", undefined);
  await world.engine.createTopic("out", undefined);
  inbox = new Inbox();
  consumer = await world.join("work", inbox, { patterns: ["in"], start: earliest });
});

function output(topic: string, ...ids: string[]): RecordBatch {
  const events = ids.map((id) => ({ id, type: "test.event", data: Buffer.from(id) }));
  return encodeBatch({ topic, partition: 0, events, defaults: { source: "/test" } });
}

function ackAndPublish(events: readonly Received[], ...batches: RecordBatch[]) {
  const acks = events.map(({ lease, sequence, index }) => ({
    lease,
    sequence,
    ranges: [{ first: index, last: index }],
  }));
  const frame = PublishFrame.create({ batches });
  return world.engine.ackAndPublish(
    AckAndPublishRequest.create({ subscription: "work", acks, frame }),
  );
}

async function storedIn(topic: string): Promise<string[]> {
  const ids: string[] = [];
  const read = { topic, partition: 0, offset: 0n, eventsMax: 0n, follow: false };
  for await (const batches of world.engine.readEvents(read, new AbortController().signal)) {
    for (const { batch } of batches) ids.push(`${batch?.topic}@${batch?.baseOffset}`);
  }
  return ids;
}

describe("ack and publish", () => {
  it("does both in one entry, which survives a power cut", async () => {
    await world.publish("in", "1", "2");
    await until(() => inbox.received.length === 2);
    const before = world.engine.stats().durableSequence;
    const reply = await ackAndPublish(inbox.received.slice(0, 1), output("out", "a", "b"));
    expect(reply).toMatchObject({ stale: false, results: [{ baseOffset: 0n }] });
    expect(world.engine.stats().durableSequence).toBe(before + 1n);
    await world.powerCut("keep");
    expect(await storedIn("out")).toEqual(["out@0"]);
    const again = new Inbox();
    await world.join("work", again);
    await until(() => again.received.length === 1);
    expect(again.ids).toEqual(["2"]);
  });

  it("gives the consumer room again", async () => {
    const settings = SubscriptionSettings.create({ patterns: ["in"], start: earliest });
    const narrow = new Inbox();
    const open = SubscribeOpen.create({
      subscription: "narrow",
      settings,
      credit: { bytes: 100_000n, events: 1 },
    });
    await world.engine.subscribe(open, narrow);
    await world.publish("in", "1", "2");
    await until(() => narrow.received.length === 1);
    const [first] = narrow.received as [Received];
    const { lease, sequence, index } = first;
    await world.engine.ackAndPublish(
      AckAndPublishRequest.create({
        subscription: "narrow",
        acks: [{ lease, sequence, ranges: [{ first: index, last: index }] }],
        frame: { batches: [output("out", "a")] },
      }),
    );
    await until(() => narrow.received.length === 2);
    expect(narrow.ids).toEqual(["1", "2"]);
  });

  it("does nothing when one lease is stale, however many are not", async () => {
    await world.publish("in", "1", "2");
    await until(() => inbox.received.length === 2);
    world.ack(consumer, inbox.received.slice(0, 1));
    const reply = await ackAndPublish(inbox.received, output("out", "a"));
    expect(reply).toEqual({ stale: true, results: [] });
    expect(await storedIn("out")).toEqual([]);
    expect(await ackAndPublish(inbox.received.slice(1), output("out", "a"))).toMatchObject({
      stale: false,
    });
  });

  it("does nothing when an event or a batch is refused", async () => {
    await world.publish("in", "1");
    await until(() => inbox.received.length === 1);
    const { results, stale } = await ackAndPublish(
      inbox.received,
      output("out", "a"),
      output("nowhere", "b"),
    );
    expect(stale).toBe(false);
    expect(results.map(({ refusal }) => refusal?.reason)).toEqual([
      ErrorReason.BAD_REQUEST,
      ErrorReason.TOPIC_NOT_FOUND,
    ]);
    expect(await storedIn("out")).toEqual([]);
    expect((await ackAndPublish(inbox.received, output("out", "a"))).stale).toBe(false);
  });

  it("answers a repeated call of a producer as stale, and its batch as a repetition", async () => {
    const producerEpoch = await world.engine.openProducer(producerId);
    const batch = { ...output("out", "a"), producerId, producerEpoch, baseSequence: 0n };
    await world.publish("in", "1", "2");
    await until(() => inbox.received.length === 2);
    await ackAndPublish(inbox.received.slice(0, 1), batch);
    expect((await ackAndPublish(inbox.received.slice(0, 1), batch)).stale).toBe(true);
    const other = await ackAndPublish(inbox.received.slice(1), batch);
    expect(other.results).toMatchObject([{ baseOffset: 0n, duplicates: new Uint8Array([1]) }]);
    expect(await storedIn("out")).toEqual(["out@0"]);
  });

  it("refuses a fenced producer and leaves everything as it was", async () => {
    await world.engine.openProducer(producerId);
    const batch = { ...output("out", "a"), producerId, producerEpoch: 9, baseSequence: 0n };
    await world.publish("in", "1");
    await until(() => inbox.received.length === 1);
    await expect(ackAndPublish(inbox.received, batch)).rejects.toMatchObject({
      reason: "PRODUCER_FENCED",
    });
    expect((await ackAndPublish(inbox.received, output("out", "a"))).stale).toBe(false);
  });

  it("is bounded by events and by what one entry holds", async () => {
    const ids = Array.from({ length: ACK_AND_PUBLISH_EVENTS_MAX + 1 }, (_, i) => `${i}`);
    consumer.credit({ bytes: 60_000_000n, events: 90_000 });
    await world.publish("in", ...ids);
    await until(() => inbox.received.length === ids.length);
    const [{ lease, sequence }] = inbox.received as [Received];
    const call = (ranges: { first: number; last: number }[], batch: RecordBatch) =>
      world.engine.ackAndPublish(
        AckAndPublishRequest.create({
          subscription: "work",
          acks: [{ lease, sequence, ranges }],
          frame: { batches: [batch] },
        }),
      );
    const small = output("out", "a");
    await expect(call([], small)).rejects.toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { field: "acks", limit: String(ACK_AND_PUBLISH_EVENTS_MAX) },
    });
    const large = encodeBatch({
      topic: "out",
      events: Array.from({ length: 2 }, (_, i) => ({
        id: `${i}`,
        type: "t",
        source: "/s",
        data: Buffer.alloc(510_000),
      })),
    });
    await expect(call([{ first: 0, last: 0 }], large)).rejects.toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { field: "frame" },
    });
    const last = ACK_AND_PUBLISH_EVENTS_MAX - 1;
    expect((await call([{ first: 0, last }], small)).stale).toBe(false);
  });

  it("knows no lease of a subscription that was moved, and none that does not exist", async () => {
    await world.publish("in", "1");
    await until(() => inbox.received.length === 1);
    const target = { $case: "position", value: earliest } as const;
    await world.engine.seekSubscription({ namespace: "", name: "work", target });
    expect((await ackAndPublish(inbox.received, output("out", "a"))).stale).toBe(true);
    await world.engine.deleteSubscription("work");
    await expect(ackAndPublish(inbox.received, output("out", "a"))).rejects.toMatchObject({
      reason: "SUBSCRIPTION_NOT_FOUND",
    });
  });
});
