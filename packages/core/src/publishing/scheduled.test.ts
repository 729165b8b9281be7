import { ErrorReason, Priority, type RecordBatch, TopicIndex } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import type { MemoryState } from "../test/memory-state.js";
import { createTopic } from "../topics/create-topic.js";
import { deleteTopic } from "../topics/delete-topic.js";
import { cancelScheduled, dropScheduled } from "./cancel-scheduled.js";
import { deliverAheadMsMax, scheduledEventsMax } from "./limits.js";
import { openProducer } from "./open-producer.js";
import { cancelRemoval, payloadIndex, payloadRemoval, sequenceRefOf } from "./payload-index.js";
import {
  batchOf,
  produced,
  producerId,
  send,
  thrown,
  withTopic,
} from "./publishing-world.test-support.js";
import { releaseScheduled } from "./release-scheduled.js";

const dueMs = 5_000;
const dedup = { windowMs: 60_000n, idsMax: 100 };

function later(batch: RecordBatch, atMs = dueMs): RecordBatch {
  return { ...batch, deliverTimeUnixMs: BigInt(atMs) };
}

/** The position of the newest entry's first batch. */
function newest(target: MemoryState) {
  return { payloadSequence: BigInt(target.entries.length), payloadFirstIndex: 0 };
}

function keys(target: MemoryState): string[] {
  return target.dump().map((line) => line.slice(0, line.indexOf("=")));
}

function cancel(target: MemoryState, id: string, isReleased = false): boolean {
  return target.run(cancelScheduled, { topic: "orders", source: "/test", id, isReleased });
}

describe("a scheduled batch", () => {
  it("waits without an offset, and takes the next ones when it is due", () => {
    const target = withTopic();
    expect(send(target, [later(batchOf("orders", "a", "b"))])).toMatchObject([
      { scheduled: true, baseOffset: 0n, duplicates: new Uint8Array(0) },
    ]);
    const at = newest(target);
    send(target, [batchOf("orders", "x")]);
    expect(target.get(stateKeys.namespace())?.scheduledEvents).toBe(2);
    target.run(releaseScheduled, at);
    expect(target.get(stateKeys.partition(1, 0))?.nextOffset).toBe(1n);
    target.nowMs = dueMs;
    target.run(releaseScheduled, at);
    expect(target.entries.at(-1)?.kind).toMatchObject({
      $case: "eventsReleased",
      value: { batch: { baseOffset: 1n, count: 2, ...at } },
    });
    expect(target.get(stateKeys.partition(1, 0))?.nextOffset).toBe(3n);
    const count = target.entries.length;
    target.run(releaseScheduled, at);
    expect(target.entries).toHaveLength(count);
    expect(keys(target)).toEqual(["ns", "part/00000001/00000000", "topic/orders"]);
    expect(target.get(stateKeys.namespace())?.scheduledEvents).toBe(0);
  });

  it("is stored at once when its time is over, and refused when it is too far away", () => {
    const target = withTopic();
    const [over, now, far, last] = send(target, [
      later(batchOf("orders", "a"), 1),
      later(batchOf("orders", "b"), target.nowMs),
      later(batchOf("orders", "c"), target.nowMs + deliverAheadMsMax + 1),
      later(batchOf("orders", "d"), target.nowMs + deliverAheadMsMax),
    ]);
    expect([over, now]).toMatchObject([
      { scheduled: false, baseOffset: 0n },
      { scheduled: false, baseOffset: 1n },
    ]);
    expect(far?.refusal).toMatchObject({
      reason: ErrorReason.DEADLINE_OUT_OF_RANGE,
      metadata: { field: "deliver_time_unix_ms", limit_ms: String(deliverAheadMsMax) },
    });
    expect(last?.scheduled).toBe(true);
    expect(target.entries[1]?.batches[0]?.batch?.deliverTimeUnixMs).toBeUndefined();
  });

  it("keeps the bound on waiting events, within a frame too", () => {
    const target = withTopic();
    send(target, [later(batchOf("orders", "first"))]);
    const namespace = target.get(stateKeys.namespace())!;
    target.put(stateKeys.namespace(), { ...namespace, scheduledEvents: scheduledEventsMax - 1 });
    const [fits, over] = send(target, [
      later(batchOf("orders", "a")),
      later(batchOf("orders", "b")),
    ]);
    expect(fits?.scheduled).toBe(true);
    expect(over?.refusal).toMatchObject({
      reason: ErrorReason.LIMIT_REACHED,
      metadata: { field: "scheduled_events", limit: String(scheduledEventsMax) },
    });
  });

  it("answers an id that waits as a duplicate, in the state, the frame and the batch", () => {
    const target = withTopic();
    send(target, [later(batchOf("orders", "a"))]);
    const count = target.entries.length;
    const [first, second] = send(target, [
      later(batchOf("orders", "a", "b", "b")),
      later(batchOf("orders", "b")),
    ]);
    expect(first).toMatchObject({
      duplicates: new Uint8Array([0b101]),
      duplicateOffsets: [0n, 0n],
    });
    expect(second).toMatchObject({ scheduled: true, duplicates: new Uint8Array([1]) });
    expect(target.entries).toHaveLength(count + 1);
    expect(send(target, [batchOf("orders", "a")])).toMatchObject([{ duplicateOffsets: [] }]);
  });

  it("is a repetition with the producer's sequence, also when its time is over by then", () => {
    const target = withTopic();
    target.run(openProducer, { producerId });
    const batch = later(produced("orders", 0n, "a"));
    send(target, [batch]);
    target.nowMs = dueMs + 1;
    expect(send(target, [batch])).toMatchObject([
      { scheduled: true, duplicates: new Uint8Array([1]) },
    ]);
  });

  it("stands beside others in an atomic frame", () => {
    const target = withTopic();
    send(target, [batchOf("orders", "a", "b"), later(batchOf("orders", "c"))], true);
    const sequence = BigInt(target.entries.length);
    const entry = target.entries.at(-1)!;
    expect(sequenceRefOf(entry).batches.map(({ firstIndex }) => firstIndex)).toEqual([0]);
    target.nowMs = dueMs;
    target.run(releaseScheduled, { payloadSequence: sequence, payloadFirstIndex: 2 });
    expect(target.get(stateKeys.partition(1, 0))?.nextOffset).toBe(3n);
  });

  it("gives the ids that a topic remembers their offset with its release", () => {
    const target = withTopic({ dedup });
    send(target, [later(batchOf("orders", "a"))]);
    const at = newest(target);
    const again = () => send(target, [batchOf("orders", "a")])[0]?.duplicateOffsets;
    expect(again()).toEqual([0n]);
    send(target, [batchOf("orders", "b", "c")]);
    target.nowMs = dueMs;
    target.run(releaseScheduled, at);
    expect(again()).toEqual([2n]);
  });

  it("goes with its topic, though another has its name", () => {
    const target = withTopic();
    send(target, [later(batchOf("orders", "a"))]);
    const first = newest(target);
    send(target, [later(batchOf("orders", "b"))]);
    const second = newest(target);
    target.run(deleteTopic, { name: "orders" });
    target.run(createTopic, { name: "orders", settings: undefined });
    target.run(dropScheduled, second);
    target.nowMs = dueMs;
    expect(target.run(releaseScheduled, first)).toBe("orphaned");
    target.run(dropScheduled, first);
    const count = target.entries.length;
    target.run(dropScheduled, first);
    expect(target.entries).toHaveLength(count);
    expect(target.get(stateKeys.namespace())?.scheduledEvents).toBe(0);
    expect(target.entries.at(-1)?.kind).toMatchObject({ value: { nothingLeft: true } });
    expect(target.dump().filter((line) => /^(sch|schi|t)\//.test(line))).toEqual([]);
    expect(target.get(stateKeys.partition(2, 0))).toBeUndefined();
  });
});

describe("cancelling", () => {
  it("leaves the others of the batch, and frees the id", () => {
    const target = withTopic({ dedup });
    send(target, [later(batchOf("orders", "a", "b", "c"))]);
    const at = newest(target);
    expect(cancel(target, "b")).toBe(true);
    expect(thrown(() => cancel(target, "x"))).toMatchObject({
      reason: "EVENT_NOT_FOUND",
      metadata: { event_id: "x" },
    });
    expect(target.get(stateKeys.namespace())?.scheduledEvents).toBe(2);
    expect(send(target, [later(batchOf("orders", "b"))])).toMatchObject([
      { duplicates: new Uint8Array(0) },
    ]);
    target.nowMs = dueMs;
    target.run(releaseScheduled, at);
    expect(target.entries.at(-1)?.kind).toMatchObject({
      value: { batch: { excluded: new Uint8Array([0b010]), count: 3 } },
    });
    expect(cancel(target, "a")).toBe(false);
  });

  it("drops a batch with its last event", () => {
    const target = withTopic();
    send(target, [later(batchOf("orders", "a", "b"))]);
    cancel(target, "a");
    expect(target.entries.at(-1)?.kind).toMatchObject({ value: { nothingLeft: false } });
    cancel(target, "b");
    expect(target.entries.at(-1)?.kind).toMatchObject({
      value: { indexes: [1], nothingLeft: true },
    });
    expect(target.dump().filter((line) => /^(sch|schi|t)\//.test(line))).toEqual([]);
    expect(thrown(() => cancel(target, "a")).reason).toBe("EVENT_NOT_FOUND");
    expect(cancel(target, "a", true)).toBe(false);
    const unknown = { topic: "none", source: "/s", id: "a", isReleased: false };
    expect(thrown(() => target.run(cancelScheduled, unknown)).reason).toBe("TOPIC_NOT_FOUND");
  });
});

describe("the index of scheduled payload", () => {
  const indexOf = () => TopicIndex.ID;
  const names = (writes: ReturnType<typeof payloadIndex>) => writes.map(({ key }) => key.name);

  it("lists a batch with its release, in its lane, and takes away exactly that", () => {
    const target = withTopic();
    send(target, [{ ...later(batchOf("orders", "a", "b")), priority: Priority.HIGH }]);
    const at = newest(target);
    const stored = target.entries.at(-1)!;
    const waiting = names(payloadIndex(stored, at.payloadSequence, indexOf));
    expect(waiting).toEqual([
      stateKeys.payload(at.payloadSequence, 0).name,
      "i/00000001/a/%2Ftest/0000000000000002/00000000",
      "i/00000001/b/%2Ftest/0000000000000002/00000001",
    ]);
    target.nowMs = dueMs;
    target.run(releaseScheduled, at);
    const released = names(payloadIndex(target.entries.at(-1)!, 3n, indexOf));
    const listed = ["s/0000000000000003/00000000", "l/0/0000000000000003/00000000"];
    expect(released).toEqual(expect.arrayContaining(listed));
    const leaving = {
      topicId: 1,
      partition: 0,
      baseOffset: 0n,
      sequence: at.payloadSequence,
      firstIndex: 0,
      releasedSequence: 3n,
      priority: Priority.HIGH,
    };
    const removed = names(payloadRemoval(leaving, stored, indexOf));
    expect(new Set(removed)).toEqual(new Set([...waiting, ...released]));
  });

  it("takes away what was cancelled", () => {
    const target = withTopic();
    send(target, [later(batchOf("orders", "a", "b"))]);
    const at = newest(target);
    const stored = target.entries.at(-1)!;
    const some = { ...at, indexes: [1], nothingLeft: false };
    expect(names(cancelRemoval(some, stored, indexOf))).toHaveLength(1);
    const all = { ...at, indexes: [], nothingLeft: true };
    const waiting = payloadIndex(stored, at.payloadSequence, indexOf);
    expect(names(cancelRemoval(all, stored, indexOf))).toEqual(names(waiting));
    expect(names(cancelRemoval(all, undefined, indexOf))).toEqual([waiting[0]?.key.name]);
  });
});
