import {
  Codec,
  checkBatch,
  decodeBatch,
  decompressBodies,
  type Entry,
  encodeBatch,
  type OutgoingEvent,
  Priority,
  type RecordBatch,
  StoredBatch,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { batchesProjection } from "../publishing/batches-projection.js";
import { stateKeys } from "../state/state-keys.js";
import { MemoryState } from "../test/memory-state.js";
import { topicsProjection } from "../topics/topics-projection.js";
import { deadLetterEvents } from "./dead-letter-events.js";
import { ack, credit, half, nack, only } from "./delivery-steps.test-support.js";
import { batchRef, makeDelivery, settings } from "./delivery-world.test-support.js";

const projections = [topicsProjection, batchesProjection];
const now = { nowMs: 0, jitter: half };
const producer = { id: new Uint8Array(16).fill(7), epoch: 1, baseSequence: 5n };

function event(n: number, more: Partial<OutgoingEvent> = {}): OutgoingEvent {
  return {
    type: "drift.detected",
    subject: "model",
    correlationId: `c${n}`,
    orderingKey: "k",
    expireTimeUnixMs: 99n,
    data: new Uint8Array([n]),
    attributes: { own: "kept", dlcause: "old" },
    ...more,
  };
}

function storedOf(events: readonly OutgoingEvent[], codec: Codec = Codec.UNSPECIFIED): StoredBatch {
  const batch: RecordBatch = {
    ...encodeBatch({ topic: "t", events, producer, codec }),
    baseOffset: 40n,
    appendTimeUnixMs: 7n,
  };
  return StoredBatch.create({ topicId: 1, batch });
}

/** A delivery whose only batch failed for the last time. */
function doomedDelivery(count: number, more: Parameters<typeof batchRef>[2] = {}) {
  const delivery = makeDelivery({ settings: { ...settings, attemptsMax: 1 } });
  delivery.addConsumer(1n, credit);
  const ref = batchRef(1n, count, { baseOffset: 40n, ...more });
  delivery.offer(ref);
  delivery.examinedThrough(1n);
  const { lease } = only(delivery.grant(0));
  return { delivery, lease, ref };
}

function storeLetters(
  delivery: ReturnType<typeof makeDelivery>,
  stored: StoredBatch,
  state = new MemoryState(projections),
) {
  const doomed = delivery.doomed(1_000_000);
  if (doomed === undefined) throw new Error("nothing is doomed");
  const reply = state.run(deadLetterEvents, {
    delivery,
    subscription: "learner",
    topic: "$dead-letter/learner",
    doomed,
    stored,
    decompress: decompressBodies,
  });
  const last = state.entries.at(-1) as Entry;
  return { reply, state, last, batch: last.batches[0]?.batch as RecordBatch };
}

describe("dead letters", () => {
  it.each([
    ["uncompressed", Codec.UNSPECIFIED],
    ["compressed", Codec.GZIP],
  ])("are the events as they were, with what became of them, from %s bodies", (_name, codec) => {
    const { delivery, lease } = doomedDelivery(2);
    const outcome = delivery.settle(1n, nack(lease, 1n), now);
    expect(outcome).toEqual({ verdicts: [], isDooming: true });
    expect(delivery.takeChange(), "the nack is not journalled by itself").toBeUndefined();
    const { reply, batch, last } = storeLetters(delivery, storedOf([event(1), event(2)], codec));
    expect(reply).toEqual({ letters: 2 });
    expect(checkBatch(batch).refusals).toEqual([]);
    expect(last.batches[0]).toMatchObject({ deadLetters: true, expires: false });
    expect(last.kind).toMatchObject({
      $case: "eventsSettled",
      value: { cursorSequence: 2n, enteredCount: 2n, removed: [{ count: 2n }] },
    });
    const [first, second] = decodeBatch(batch);
    expect(second?.toEvent()).toMatchObject({
      topic: "$dead-letter/learner",
      offset: 1n,
      priority: Priority.NORMAL,
      head: {
        id: `${"07".repeat(16)}-6`,
        source: `/producers/${"07".repeat(16)}`,
        type: "drift.detected",
        subject: "model",
        timeUnixNs: 7_000_000n,
        correlationId: "c2",
        orderingKey: "k",
        expireTimeUnixMs: undefined,
      },
      body: {
        data: new Uint8Array([2]),
        attributes: {
          own: "kept",
          dlsubscription: "learner",
          dlcause: "nack",
          dlattempts: "1",
          dlreason: "busy",
          dltopic: "t",
          dlpartition: "0",
          dloffset: "41",
          dltime: "1970-01-01T00:00:01.000Z",
        },
      },
    });
    expect(first?.attributes["dloffset"]).toBe("40");
    expect(delivery.figures()).toMatchObject({ doomed: 0, deadLettered: 2n, entered: 2n });
  });

  it("go into a topic that is created with the first of them", () => {
    const state = new MemoryState(projections);
    const { delivery, lease } = doomedDelivery(1);
    delivery.settle(1n, nack(lease, 1n), now);
    storeLetters(delivery, storedOf([event(1)]), state);
    const topic = state.get(stateKeys.topic("$dead-letter/learner"));
    expect(state.get(stateKeys.partition(topic?.topicId ?? 0, 0))?.nextOffset).toBe(1n);
    expect(state.entries.map(({ kind }) => kind?.$case)).toEqual(["topicCreated", "eventsSettled"]);
  });

  it("are cut by their bytes: the rest follows in the next entry", () => {
    const data = new Uint8Array(300_000);
    const { delivery, lease } = doomedDelivery(3);
    delivery.settle(1n, nack(lease, 1n), now);
    const stored = storedOf(
      [event(1, { data }), event(2, { data }), event(3, { data })],
      Codec.GZIP,
    );
    for (const letters of [1, 1, 1])
      expect(storeLetters(delivery, stored).reply).toEqual({ letters });
    expect(delivery.doomed(1)).toBeUndefined();
  });

  it("leave excluded events out, and say why an attempt ended", () => {
    const excluded = Uint8Array.of(0b010);
    const { delivery } = doomedDelivery(3, { excluded });
    delivery.removeConsumer(1n, 0, half);
    const stored = { ...storedOf([event(1), event(2), event(3)]), refused: excluded };
    const { batch } = storeLetters(delivery, stored);
    const told = decodeBatch(batch).map(({ attributes }) => [
      attributes["dlcause"],
      attributes["dloffset"],
    ]);
    expect(told).toEqual([
      ["disconnect", "40"],
      ["disconnect", "42"],
    ]);
  });

  it("are not made of what was settled meanwhile", () => {
    const { delivery, lease, ref } = doomedDelivery(1);
    delivery.expire(30_000, half);
    const doomed = delivery.doomed(1_000);
    expect(doomed?.runs).toMatchObject([{ attempts: 1, cause: 2 }]);
    expect(delivery.settle(1n, ack(lease, 1n), now).verdicts).toEqual([]);
    const state = new MemoryState(projections);
    const command = {
      delivery,
      subscription: "learner",
      topic: "dead",
      doomed: doomed ?? { lane: ref.lane, ref, runs: [] },
      stored: storedOf([event(1)]),
      decompress: decompressBodies,
    };
    expect(state.run(deadLetterEvents, command)).toEqual({ letters: 0 });
    expect(state.entries.map(({ batches }) => batches)).toEqual([[]]);
  });

  it("say so where no data of their batch can be read", () => {
    const { delivery, lease } = doomedDelivery(2);
    delivery.settle(1n, nack(lease, 1n), now);
    const { batch } = storedOf([event(1), event(2)], Codec.GZIP);
    const hurt = StoredBatch.create({
      topicId: 1,
      batch: { ...(batch as RecordBatch), bodies: new Uint8Array([1, 2, 3]) },
    });
    const { reply, batch: letters } = storeLetters(delivery, hurt);
    expect(reply).toEqual({ letters: 2 });
    expect(
      decodeBatch(letters).map(({ id, data, attributes }) => [id, data.length, attributes]),
    ).toMatchObject([
      [`${"07".repeat(16)}-5`, 0, { dldata: "unreadable", dloffset: "40" }],
      [`${"07".repeat(16)}-6`, 0, { dldata: "unreadable", dloffset: "41" }],
    ]);
    expect(delivery.figures()).toMatchObject({ doomed: 0, deadLettered: 2n });
  });

  it("wait where this runtime lacks their codec", () => {
    const { delivery, lease } = doomedDelivery(1);
    delivery.settle(1n, nack(lease, 1n), now);
    const { batch } = storedOf([event(1)], Codec.GZIP);
    const foreign = { ...(batch as RecordBatch), codec: 9 as Codec };
    const stored = StoredBatch.create({ topicId: 1, batch: foreign });
    expect(() => storeLetters(delivery, stored)).toThrowError(/CODEC_NOT_SUPPORTED/);
    expect(delivery.figures()).toMatchObject({ doomed: 1, deadLettered: 0n });
  });

  it("change nothing when their batch cannot be read", () => {
    const { delivery, lease } = doomedDelivery(1);
    delivery.settle(1n, nack(lease, 1n), now);
    const hurt = StoredBatch.create({
      topicId: 1,
      batch: { ...storedOf([event(1)]).batch, count: 9 } as RecordBatch,
    });
    expect(() => storeLetters(delivery, hurt)).toThrowError(/BATCH_COUNT_MISMATCH/);
    expect(delivery.figures()).toMatchObject({ doomed: 1, deadLettered: 0n });
  });

  it("are never made of dead letters", () => {
    const { delivery, lease } = doomedDelivery(1, { isDeadLetter: true });
    expect(delivery.settle(1n, nack(lease, 1n), now).isDooming).toBe(false);
    expect(delivery.doomed(1_000)).toBeUndefined();
    expect(delivery.takeChange()?.retried).toHaveLength(1);
  });
});

describe("expire times", () => {
  it("end what nobody leases; an ack in time counts", () => {
    const delivery = makeDelivery();
    delivery.addConsumer(1n, { bytes: 10_000n, events: 2 });
    const traits = { keyOf: () => undefined, expireMsOf: (index: number) => [10, 10, 20][index] };
    delivery.offer(batchRef(1n, 3, { expires: true }), traits);
    delivery.examinedThrough(1n);
    expect(delivery.nextTimerMs()).toBe(10);
    const { lease } = only(delivery.grant(0));
    delivery.expire(20, half);
    expect(delivery.figures()).toMatchObject({ leased: 2, unsettled: 2 });
    expect(delivery.nextTimerMs()).toBe(30_000);
    delivery.settle(1n, ack(lease, 1n, [0, 0]), { nowMs: 21, jitter: half });
    delivery.expire(30_000, half);
    expect(delivery.takeChange()).toMatchObject({
      cursorSequence: 2n,
      ackedCount: 1n,
      removed: [{ cause: 1, count: 2n }],
    });
  });
});
