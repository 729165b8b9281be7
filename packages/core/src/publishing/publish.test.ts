import {
  checkBatch,
  type Entry,
  ErrorReason,
  encodeBatch,
  Priority,
  PublishFrame,
  partitionForKey,
  TopicIndex,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { openProducer, producerHex } from "./open-producer.js";
import { excludedBits, payloadIndex, payloadRemoval } from "./payload-index.js";
import { publish } from "./publish.js";
import {
  batchOf,
  produced,
  producerId,
  send,
  state,
  thrown,
  withTopic,
} from "./publishing-world.test-support.js";

describe("publish", () => {
  it("gives consecutive offsets over batches and frames", () => {
    const target = withTopic();
    expect(send(target, [batchOf("orders", "a", "b"), batchOf("orders", "c")])).toMatchObject([
      { baseOffset: 0n },
      { baseOffset: 2n },
    ]);
    expect(send(target, [batchOf("orders", "d")])).toMatchObject([{ baseOffset: 3n }]);
    expect(target.get(stateKeys.partition(1, 0))).toMatchObject({ nextOffset: 4n });
  });

  it("creates topics of the families on first use, each once, and no others", () => {
    const target = state();
    const results = send(target, [
      batchOf("poet/functions/f/feedback", "a"),
      batchOf("poet/functions/f/feedback", "b"),
      batchOf("typo", "c"),
      batchOf("$audit", "d"),
      batchOf("bad//name", "e"),
    ]);
    expect(results.map(({ refusal }) => refusal?.reason)).toEqual([
      undefined,
      undefined,
      ErrorReason.TOPIC_NOT_FOUND,
      ErrorReason.TOPIC_NAME_INVALID,
      ErrorReason.TOPIC_NAME_INVALID,
    ]);
    expect(target.get(stateKeys.namespace())).toMatchObject({ topics: 1, nextTopicId: 2 });
    expect(target.get(stateKeys.topic("poet/functions/f/feedback"))?.topic?.settings?.index).toBe(
      TopicIndex.ID_AND_CORRELATION,
    );
  });

  it("answers a repeated producer sequence with the original and stores nothing", () => {
    const target = withTopic();
    target.run(openProducer, { producerId });
    const first = produced("orders", 0n, "a", "b");
    expect(send(target, [first])).toMatchObject([{ baseOffset: 0n }]);
    const count = target.entries.length;
    const [again] = send(target, [first]);
    expect(again).toMatchObject({ baseOffset: 0n, duplicates: new Uint8Array([0b11]) });
    expect(target.entries).toHaveLength(count);
  });

  it("answers a repeated batch with the originals of what was a duplicate by id", () => {
    const target = withTopic({ dedup: { windowMs: 1_000n, idsMax: 100 } });
    target.run(openProducer, { producerId });
    send(target, [produced("orders", 0n, "a")]);
    const batch = produced("orders", 1n, "b", "a", "b", "c");
    const [first] = send(target, [batch]);
    expect(first).toMatchObject({ baseOffset: 1n, duplicateOffsets: [0n, 1n] });
    const [again] = send(target, [batch]);
    expect(again).toMatchObject({
      baseOffset: 1n,
      duplicates: new Uint8Array([0b1111]),
      duplicateOffsets: [1n, 0n, 1n, 4n],
    });
  });

  it("sees repetitions inside one frame", () => {
    const target = withTopic();
    target.run(openProducer, { producerId });
    const first = produced("orders", 0n, "a");
    const [, again] = send(target, [first, first]);
    expect(again?.duplicates).toEqual(new Uint8Array([1]));
  });

  it("refuses a sequence that overlaps or lies below the window as unknown", () => {
    const target = withTopic();
    target.run(openProducer, { producerId });
    for (let i = 0; i < 66; i++) send(target, [produced("orders", BigInt(i), `e${i}`)]);
    const [old, overlap] = send(target, [
      produced("orders", 0n, "e0"),
      produced("orders", 64n, "e64", "e65", "x"),
    ]);
    expect(old?.refusal).toMatchObject({
      reason: ErrorReason.SEQUENCE_UNKNOWN,
      metadata: { window_start: "2" },
    });
    expect(overlap?.refusal?.reason).toBe(ErrorReason.SEQUENCE_UNKNOWN);
  });

  it("fences older epochs, epochs never granted and ids of a wrong length", () => {
    const target = withTopic();
    target.run(openProducer, { producerId });
    expect(target.run(openProducer, { producerId })).toBe(2);
    expect(target.get(stateKeys.namespace())?.producers).toBe(1);
    const fenced = thrown(() => send(target, [produced("orders", 0n, "a")]));
    expect(fenced.metadata).toMatchObject({
      producer_id: producerHex(producerId),
      current_epoch: "2",
    });
    const stranger = { ...produced("orders", 0n, "a"), producerId: new Uint8Array(16) };
    expect(thrown(() => send(target, [stranger])).reason).toBe("PRODUCER_FENCED");
    const short = { ...produced("orders", 0n, "a"), producerId: new Uint8Array(3) };
    expect(send(target, [short])[0]?.refusal?.reason).toBe(ErrorReason.BATCH_MALFORMED);
  });

  it("finds events by id within the window, in the log, the frame and the batch", () => {
    const target = withTopic({ dedup: { windowMs: 1_000n, idsMax: 0 } });
    expect(send(target, [batchOf("orders", "a", "b", "a")])).toMatchObject([
      { baseOffset: 0n, duplicates: new Uint8Array([0b100]), duplicateOffsets: [0n] },
    ]);
    expect(send(target, [batchOf("orders", "c"), batchOf("orders", "c", "b")])).toMatchObject([
      { baseOffset: 3n, duplicates: new Uint8Array(0) },
      { duplicates: new Uint8Array([0b11]), duplicateOffsets: [3n, 1n] },
    ]);
    target.nowMs += 1_001;
    expect(send(target, [batchOf("orders", "a")])).toMatchObject([{ duplicateOffsets: [] }]);
  });

  it("stores valid events beside refused ones unless the frame is atomic", () => {
    const mixed = batchOf("orders", "a", "b");
    const checks = [
      {
        heads: checkBatch(mixed).heads,
        refusals: [{ index: 0, reason: ErrorReason.EVENT_INVALID, field: "id", rule: "r" }],
      },
    ];
    const target = withTopic();
    const frame = PublishFrame.create({ batches: [mixed] });
    const [result] = target.run(publish, { frame, checks });
    expect(result).toMatchObject({ refused: new Uint8Array([1]), refusals: [{ index: 0 }] });
    const count = target.entries.length;
    const atomic = PublishFrame.create({ batches: [mixed, batchOf("orders", "c")], atomic: true });
    const second = { heads: checkBatch(batchOf("orders", "c")).heads, refusals: [] };
    const results = target.run(publish, { frame: atomic, checks: [...checks, second] });
    expect(results[1]?.refusal?.metadata).toMatchObject({ field: "frame.atomic" });
    expect(target.entries).toHaveLength(count);
  });

  it("puts an atomic frame into one entry", () => {
    const target = withTopic();
    const count = target.entries.length;
    send(target, [batchOf("orders", "a", "b"), batchOf("orders", "c")], true);
    expect(target.entries).toHaveLength(count + 1);
    expect(target.entries.at(-1)?.batches.map(({ firstIndex }) => firstIndex)).toEqual([0, 2]);
  });

  it("refuses foreign keys and partitions that do not exist", () => {
    const target = withTopic({ partitions: 2 });
    const right = partitionForKey("k", 2);
    const keyed = (partition: number) =>
      encodeBatch({
        topic: "orders",
        partition,
        events: [{ id: "a", type: "t", orderingKey: "k", data: new Uint8Array(0) }],
      });
    const results = send(target, [keyed(right), keyed(1 - right), keyed(2)]);
    expect(results.map(({ refusal }) => refusal?.reason)).toEqual([
      undefined,
      ErrorReason.PARTITION_INVALID,
      ErrorReason.PARTITION_INVALID,
    ]);
  });

  it("refuses a malformed batch alone and a damaged one with all that follows", () => {
    const target = withTopic();
    const miscounted = { ...batchOf("orders", "a"), count: 2 };
    expect(send(target, [miscounted])[0]?.refusal?.reason).toBe(ErrorReason.BATCH_COUNT_MISMATCH);
    const damaged = { ...batchOf("orders", "a"), headsCrc32c: 1 };
    const frame = [damaged, batchOf("orders", "b")];
    expect(thrown(() => send(target, frame)).reason).toBe("BATCH_CHECKSUM_MISMATCH");
    expect(target.get(stateKeys.partition(1, 0))).toBeUndefined();
  });
});

describe("open producer", () => {
  it("wants 16 bytes and notes activity", () => {
    const target = withTopic();
    expect(thrown(() => target.run(openProducer, { producerId: new Uint8Array(15) })).reason).toBe(
      "BAD_REQUEST",
    );
    target.run(openProducer, { producerId });
    target.nowMs += 3_600_000;
    send(target, [produced("orders", 0n, "a")]);
    expect(target.get(stateKeys.producer(producerHex(producerId)))?.activeTimeUnixMs).toBe(
      BigInt(target.nowMs),
    );
  });
});

const leavingBatch = { topicId: 1, partition: 0, baseOffset: 0n, priority: Priority.UNSPECIFIED };

describe("payload index", () => {
  const stored = (): Entry => {
    const target = withTopic();
    const batch = encodeBatch({
      topic: "orders",
      partition: 0,
      events: [
        { id: "a", type: "t", correlationId: "c", data: new Uint8Array(0) },
        { id: "b", type: "t", data: new Uint8Array(0) },
      ],
      defaults: { source: "/s" },
    });
    send(target, [batch]);
    const entry = target.entries.at(-1);
    if (entry === undefined) throw new Error("no entry");
    return entry;
  };
  const names = (writes: ReturnType<typeof payloadIndex>): string[] =>
    writes.map(({ key }) => key.name);
  const indexed = (index: TopicIndex): string[] => names(payloadIndex(stored(), 9n, () => index));

  it("has a line per batch always and per event where the topic asks for it", () => {
    expect(indexed(TopicIndex.NONE)).toHaveLength(2);
    expect(indexed(TopicIndex.ID)).toHaveLength(4);
    expect(indexed(TopicIndex.ID_AND_CORRELATION)).toContain("c/c/0000000000000009/00000000");
  });

  it("takes away exactly what it put, and the batch's own keys where the payload is gone", () => {
    const leaving = { ...leavingBatch, sequence: 9n, firstIndex: 0 };
    const index = TopicIndex.ID_AND_CORRELATION;
    const removal = payloadRemoval(leaving, stored(), () => index);
    expect(names(removal)).toEqual(indexed(index));
    expect(removal.every(({ value }) => value === undefined)).toBe(true);
    const alone = payloadRemoval(leaving, undefined, () => index);
    expect(names(alone)).toEqual(indexed(TopicIndex.NONE));
  });

  it("leaves out refused and duplicate events", () => {
    const of = (refused: number[], duplicates: number[]) =>
      excludedBits({
        topicId: 1,
        firstIndex: 0,
        expires: false,
        deadLetters: false,
        refused: new Uint8Array(refused),
        duplicates: new Uint8Array(duplicates),
        batch: undefined,
      });
    expect([of([], []), of([1], []), of([], [2]), of([1], [2])]).toEqual([
      new Uint8Array([]),
      new Uint8Array([1]),
      new Uint8Array([2]),
      new Uint8Array([3]),
    ]);
  });
});
