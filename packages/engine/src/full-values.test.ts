import { pendingPerKeyMax } from "@opendxa/pubsub-core";
import { INDEX_STORE_LIMITS } from "@opendxa/pubsub-index-store";
import {
  BATCH_BYTES_MAX,
  BATCH_EVENTS_MAX,
  type BatchResult,
  batchBytes,
  type EncodeBatchOptions,
  ErrorReason,
  Execution,
  encodeBatch,
  FRAME_BATCHES_MAX,
  NAMES_BYTES_MAX,
  type OutgoingEvent,
  PRODUCER_BATCHES_REMEMBERED_MAX,
  ProducerWindow,
  PublishFrame,
  REASON_BYTES_MAX,
  type RecordBatch,
  SETTLEMENT_ITEMS_MAX,
  StartPosition,
  SubmitFeedbackRequest,
  SubscribeOpen,
  SubscriptionSettings,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it, vi } from "vitest";
import { Inbox, passUntil, until, World } from "./test/world.js";

// Each fills something to its bound: seconds of work, and more beside other work.
vi.setConfig({ testTimeout: 120_000 });

const producerId = new Uint8Array(16).fill(7);
const dedup = { windowMs: 3_600_000n, idsMax: 1_000_000 };
const noData = new Uint8Array(0);

async function opened(settings: Partial<TopicSettings> = {}): Promise<World> {
  const world = new World();
  await world.open();
  await world.engine.createTopic("t", TopicSettings.create(settings));
  await world.engine.openProducer(producerId);
  return world;
}

function send(world: World, batches: RecordBatch[], atomic = false): Promise<BatchResult[]> {
  return world.engine.publish(PublishFrame.create({ batches, atomic }));
}

/** Events without ids, which get them from their producer. */
function nameless(count: number, baseSequence = 0n, options: Partial<EncodeBatchOptions> = {}) {
  const events = Array.from({ length: count }, (): OutgoingEvent => ({ type: "t", data: noData }));
  const producer = { id: producerId, epoch: 1, baseSequence };
  return encodeBatch({ topic: "t", events, producer, defaults: { type: "t" }, ...options });
}

/** The namespace goes on now, and after starts from the journal and from a checkpoint alone. */
async function expectAlive(world: World): Promise<void> {
  await world.publish("t", "before");
  await world.powerCut("drop", "lost");
  await world.publish("t", "between");
  await world.engine.close();
  await world.powerCut("keep", "lost");
  await world.publish("t", "after");
  expect(world.warnings.filter((warning) => warning.includes("damaged"))).toEqual([]);
}

describe("a batch of as many events as there can be", () => {
  it("is remembered whole where the topic deduplicates, and no part of it is stored again", async () => {
    const world = await opened({ dedup });
    const source = "s".repeat(255);
    const batch = nameless(BATCH_EVENTS_MAX, 0n, { defaults: { type: "t", source } });
    expect(await send(world, [batch])).toMatchObject([{ refusal: undefined, baseOffset: 0n }]);
    await world.powerCut("drop", "lost");
    const id = `${Buffer.from(producerId).toString("hex")}-${BATCH_EVENTS_MAX - 1}`;
    const again = encodeBatch({ topic: "t", events: [{ id, source, type: "t", data: noData }] });
    expect(await send(world, [again])).toMatchObject([
      { duplicateOffsets: [BigInt(BATCH_EVENTS_MAX - 1)] },
    ]);
    await expectAlive(world);
  });

  it("waits for its deliver time across a restart", async () => {
    const world = await opened();
    const deliverTimeUnixMs = BigInt(world.clock.now() + 60_000);
    const batch = nameless(BATCH_EVENTS_MAX, 0n, { deliverTimeUnixMs });
    expect(await send(world, [batch])).toMatchObject([{ refusal: undefined, scheduled: true }]);
    await expectAlive(world);
    await passUntil(world.clock, async () => {
      const { partitions } = await world.engine.getTopic("t");
      return partitions[0]?.nextOffset === BigInt(BATCH_EVENTS_MAX + 3);
    });
  });

  it("is refused where its names are more than are remembered of one", async () => {
    const world = await opened({ dedup });
    const source = "s".repeat(255);
    const events = Array.from({ length: 30_000 }, (_, i): OutgoingEvent => {
      return { type: "t", data: noData, source: i % 2 === 0 ? "a" : undefined };
    });
    const batch = nameless(30_000, 0n, { events, defaults: { type: "t", source } });
    expect(await send(world, [batch])).toMatchObject([
      {
        refusal: {
          reason: ErrorReason.LIMIT_EXCEEDED,
          metadata: { field: "batch.names_bytes", limit: String(NAMES_BYTES_MAX) },
        },
      },
    ]);
    // Nothing of it counts as published.
    expect(await send(world, [nameless(1)])).toMatchObject([{ baseOffset: 0n }]);
    await expectAlive(world);
  });

  it("is refused in an atomic frame with others: an entry has as many as a batch", async () => {
    const world = await opened();
    const batches = [0n, 40_000n].map((base) => nameless(40_000, base));
    for (const { refusal } of await send(world, batches, true)) {
      expect(refusal).toMatchObject({
        reason: ErrorReason.LIMIT_EXCEEDED,
        metadata: { field: "frame.events", limit: String(BATCH_EVENTS_MAX), size: "80000" },
      });
    }
    await expectAlive(world);
  });

  it("is refused in an atomic frame whose names are together more than one list holds", async () => {
    const world = await opened({ dedup });
    const source = "s".repeat(255);
    const events = Array.from({ length: 16_000 }, (_, i): OutgoingEvent => {
      return { type: "t", data: noData, source: i % 2 === 0 ? "a" : undefined };
    });
    const batches = [0n, 16_000n].map((base) =>
      nameless(16_000, base, { events, defaults: { type: "t", source } }),
    );
    for (const { refusal } of await send(world, batches, true)) {
      expect(refusal).toMatchObject({ metadata: { field: "batch.names_bytes" } });
    }
    expect(await send(world, batches)).toMatchObject([{ baseOffset: 0n }, { baseOffset: 16_000n }]);
    await expectAlive(world);
  });

  it("does not keep an index from being rebuilt where its names fill more than one write", async () => {
    const world = await opened({ index: 3 });
    const batch = nameless(BATCH_EVENTS_MAX, 0n, {
      defaults: { type: "t", source: "%".repeat(255), correlationId: "%".repeat(255) },
    });
    expect(await send(world, [batch])).toMatchObject([{ refusal: undefined }]);
    await expectAlive(world);
  });

  it("is asked for whole beside others: more keys than one read of the index takes", async () => {
    const world = await opened({ dedup, index: 3 });
    const batches = [0n, 40_000n].map((base) => nameless(40_000, base));
    expect(await send(world, batches)).toMatchObject([{ baseOffset: 0n }, { baseOffset: 40_000n }]);
    await expectAlive(world);
  });
});

it("remembers as many of a producer's largest batches as there are, refused and repeated events of each", () => {
  const bitmap = new Uint8Array(Math.ceil(BATCH_EVENTS_MAX / 8)).fill(255);
  const batch = {
    baseSequence: 2n ** 64n - 1n,
    count: BATCH_EVENTS_MAX,
    baseOffset: 2n ** 63n,
    refused: bitmap,
    scheduled: true,
    duplicates: bitmap,
  };
  const batches = new Array(PRODUCER_BATCHES_REMEMBERED_MAX).fill(batch);
  const { length } = ProducerWindow.encode({ batches }).finish();
  expect(length).toBeLessThanOrEqual(INDEX_STORE_LIMITS.valueBytesMax);
});

describe("a batch of which each event failed apart", () => {
  const start = StartPosition.create({ position: { $case: "earliest", value: true } });
  const settings = SubscriptionSettings.create({
    patterns: ["t"],
    start,
    retry: { minMs: 1_000, maxMs: 1_000 },
  });

  async function joined(
    world: World,
  ): Promise<{ inbox: Inbox; consumer: Awaited<ReturnType<World["join"]>> }> {
    const inbox = new Inbox();
    const credit = { bytes: 60_000_000n, events: 70_000 };
    const open = SubscribeOpen.create({ subscription: "s", settings, credit });
    return { inbox, consumer: await world.engine.subscribe(open, inbox) };
  }

  async function nackEach(count: number, reasonBytes: number): Promise<World> {
    const world = await opened();
    await send(world, [nameless(count)]);
    const { inbox, consumer } = await joined(world);
    await until(() => inbox.received.length === count);
    let number = 0n;
    for (let at = 0; at < count; at += SETTLEMENT_ITEMS_MAX) {
      number += 1n;
      const nacks = inbox.received.slice(at, at + SETTLEMENT_ITEMS_MAX);
      consumer.settle({
        number,
        acks: [],
        nacks: nacks.map(({ lease, sequence, index }) => ({
          events: { lease, sequence, ranges: [{ first: index, last: index }] },
          // No two neighbours alike, or they were one run.
          delayMs: 1_000 + (index % 2),
          reason: `${index}`.padEnd(reasonBytes, "."),
        })),
        extensions: [],
      });
    }
    await until(
      () => inbox.verdictsSeen.length > 0 && inbox.verdictsSeen.at(-1)?.throughNumber === number,
    );
    await world.powerCut("drop", "lost");
    return world;
  }

  it.each([
    { count: 1_500, reasonBytes: REASON_BYTES_MAX },
    { count: BATCH_EVENTS_MAX, reasonBytes: 0 },
  ])("keeps the attempts of $count events with reasons of $reasonBytes bytes", async (each) => {
    const world = await nackEach(each.count, each.reasonBytes);
    const { inbox } = await joined(world);
    world.clock.jump(10_000);
    await until(() => inbox.received.length === each.count);
    expect(inbox.received.every(({ attempt }) => attempt === 2)).toBe(true);
    await expectAlive(world);
  });
});

describe("an entry", () => {
  function sized(bytes: number): RecordBatch {
    const of = (length: number) =>
      nameless(2, 0n, {
        events: [
          { type: "t", data: new Uint8Array(Math.floor(length / 2)) },
          { type: "t", data: new Uint8Array(Math.ceil(length / 2)) },
        ],
      });
    const spare = bytes - 2_000;
    const batch = of(spare);
    return of(spare + bytes - batchBytes(batch));
  }

  it("refuses a batch that would not fit it with what it is stored with", async () => {
    const world = await opened();
    for (const missing of [0, 20, 60, 120]) {
      const [result] = await send(world, [sized(BATCH_BYTES_MAX - missing)]);
      expect(result?.refusal).toMatchObject({
        reason: ErrorReason.LIMIT_EXCEEDED,
        metadata: { field: "batch.stored_bytes" },
      });
    }
    expect(await send(world, [sized(BATCH_BYTES_MAX - 300)])).toMatchObject([
      { refusal: undefined, baseOffset: 0n },
    ]);
    await expectAlive(world);
  });

  it("refuses an atomic frame that would not fit it, whole", async () => {
    const world = await opened();
    const events = [{ id: "a", type: "t", data: new Uint8Array(4_040) }];
    const batches = Array.from({ length: FRAME_BATCHES_MAX }, () =>
      encodeBatch({ topic: "t", events }),
    );
    const results = await send(world, batches, true);
    for (const { refusal } of results) {
      expect(refusal).toMatchObject({ metadata: { field: "frame.stored_bytes" } });
    }
    await expectAlive(world);
  });
});

it("keeps as many pieces of feedback with the longest names on one key as may wait", async () => {
  const world = await opened();
  const source = "%".repeat(255);
  const correlationKeys = ["pagerduty:incident:X"];
  for (let n = 0; n <= pendingPerKeyMax; n++) {
    const id = `${n}`.padEnd(128, "%");
    const feedback = { feedbackType: "success" };
    const request = SubmitFeedbackRequest.create({ id, source, correlationKeys, feedback });
    await world.engine.submitFeedback(request);
  }
  await expectAlive(world);
  const execution = Execution.create({ executionId: "x", functionName: "f", correlationKeys });
  await world.engine.registerExecution(execution);
  await passUntil(world.clock, async () => {
    const { feedbackReceived } = await world.engine.getExecution("x");
    return feedbackReceived === pendingPerKeyMax;
  });
});
