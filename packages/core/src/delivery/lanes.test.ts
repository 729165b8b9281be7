import {
  ACK_AND_PUBLISH_EVENTS_MAX,
  CursorException,
  CursorState,
  DeliveryOrder,
  EventsSettled,
  PartitionStart,
  Priority,
  RemovalCause,
  SequenceRef_Batch,
  Settlement,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { batchRefOf } from "./batch-ref.js";
import {
  ack,
  credit,
  half,
  journal,
  only,
  rangesOf,
  verdictsOf,
} from "./delivery-steps.test-support.js";
import {
  batchRef,
  freshLanes,
  makeDelivery,
  ProjectedState,
} from "./delivery-world.test-support.js";
import { LeaseTokens } from "./lease-tokens.js";
import { exceptionsMax, readyRunsMax, silentCursorSequences } from "./limits.js";
import { snapshotLane } from "./snapshot-lane.js";

const { HIGH, LOW, NORMAL } = Priority;
const now = { nowMs: 0, jitter: half };

describe("lanes", () => {
  it("are served by urgency, and each has a cursor of its own", () => {
    const delivery = makeDelivery();
    delivery.offer(batchRef(1n, 1, { lane: LOW }));
    delivery.offer(batchRef(2n, 1));
    delivery.offer(batchRef(3n, 1, { lane: HIGH }));
    delivery.examinedThrough(3n, HIGH);
    delivery.examinedThrough(2n, NORMAL);
    expect([delivery.frontier(HIGH), delivery.frontier(NORMAL), delivery.frontier()]).toEqual([
      4n,
      3n,
      1n,
    ]);
    delivery.addConsumer(1n, credit);
    const grants = delivery.grant(0);
    expect(grants.map(({ ref }) => ref.sequence)).toEqual([3n, 2n, 1n]);
    for (const { lease, ref } of grants) delivery.settle(1n, ack(lease, ref.sequence), now);
    const lanes = [delivery.takeChange(), delivery.takeChange(), delivery.takeChange()];
    expect(lanes.map((change) => [change?.lane, change?.cursorSequence])).toEqual([
      [HIGH, 4n],
      [NORMAL, 3n],
      [LOW, 1n],
    ]);
    expect(delivery.takeChange()).toBeUndefined();
    expect(delivery.figures(LOW)).toMatchObject({ acked: 1n, frontier: 1n });
    expect(delivery.figures()).toMatchObject({ acked: 3n, frontier: 1n, unsettled: 0 });
  });

  it("journal what a lane passed in silence only when it is much", () => {
    const delivery = makeDelivery();
    delivery.examinedThrough(silentCursorSequences, HIGH);
    expect(delivery.takeChange()).toMatchObject({ lane: HIGH });
    delivery.examinedThrough(5n);
    expect(delivery.takeChange()).toBeUndefined();
    expect(delivery.takeChange(true)).toMatchObject({ lane: NORMAL, cursorSequence: 6n });
  });

  it("want more each on its own", () => {
    const delivery = makeDelivery();
    const traits = { keyOf: () => undefined, expireMsOf: (index: number) => index + 1 };
    const ref = batchRef(1n, readyRunsMax + 1, { lane: LOW, expires: true });
    delivery.offer(ref, traits);
    expect([delivery.wantsMore(LOW), delivery.wantsMore(HIGH), delivery.wantsMore()]).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe("a batch as the index lists it", () => {
  it("has its payload elsewhere when it was scheduled", () => {
    const line = SequenceRef_Batch.fromPartial({ firstIndex: 3, count: 2, deadLetters: true });
    expect(batchRefOf(9n, line)).toMatchObject({
      lane: NORMAL,
      isDeadLetter: true,
      payload: { sequence: 9n, firstIndex: 3 },
    });
    const released = SequenceRef_Batch.fromPartial({
      ...line,
      firstIndex: 0,
      priority: LOW,
      payloadSequence: 4n,
      payloadFirstIndex: 7,
    });
    expect(batchRefOf(9n, released)).toMatchObject({
      sequence: 9n,
      firstIndex: 0,
      lane: LOW,
      payload: { sequence: 4n, firstIndex: 7 },
    });
  });
});

describe("acking all or nothing", () => {
  it("says what changed in every lane, in one message", () => {
    const state = new ProjectedState();
    state.createLanes(DeliveryOrder.NONE, 0n);
    const delivery = makeDelivery();
    delivery.addConsumer(1n, credit);
    delivery.offer(batchRef(1n, 2, { lane: HIGH }));
    delivery.offer(batchRef(2n, 2));
    delivery.examinedThrough(2n);
    const [high, normal] = delivery.grant(0).map(({ lease }) => lease);
    const acks = [
      rangesOf(high ?? 0n, 1n, []),
      rangesOf(normal ?? 0n, 2n, [
        [1, 1],
        [1, 1],
      ]),
    ];
    expect(delivery.tryAck([...acks, rangesOf(77n, 2n, [])])).toBeUndefined();
    expect(delivery.tryAck([rangesOf(high ?? 0n, 1n, [[0, 2]])])).toBeUndefined();
    expect(delivery.figures().leased).toBe(4);
    const change = delivery.tryAck(acks) ?? EventsSettled.create();
    expect(change).toMatchObject({
      lane: HIGH,
      ackedCount: 2n,
      otherLanes: [{ lane: NORMAL, ackedCount: 1n, acked: [{ first: 1, last: 1 }] }],
    });
    state.apply({ $case: "eventsSettled", value: change });
    for (const { lane } of freshLanes()) {
      expect(state.durable(lane)).toEqual(delivery.durableState(lane));
    }
    expect(delivery.tryAck(acks)).toBeUndefined();
    expect(delivery.tryAck([])).toMatchObject({ ackedCount: 0n });
  });

  it("is bounded, and wants everything journalled before", () => {
    const delivery = makeDelivery();
    delivery.addConsumer(1n, { bytes: 60_000_000n, events: 100_000 });
    delivery.offer(batchRef(1n, ACK_AND_PUBLISH_EVENTS_MAX + 1));
    delivery.examinedThrough(1n);
    const { lease } = only(delivery.grant(0));
    const limit = expect.objectContaining({ reason: "LIMIT_EXCEEDED" });
    expect(() => delivery.tryAck([rangesOf(lease, 1n, [])])).toThrowError(limit);
    const many = Array.from(
      { length: ACK_AND_PUBLISH_EVENTS_MAX + 1 },
      () => [0, 0] as [number, number],
    );
    expect(() => delivery.tryAck([rangesOf(lease, 1n, many)])).toThrowError(limit);
    expect(delivery.hasChanges).toBe(false);
    delivery.settle(1n, ack(lease, 1n, [0, 0]), now);
    expect(() => delivery.tryAck([])).toThrowError("take them first");
  });
});

describe("an operator", () => {
  it("pauses granting and says why; what is settled counts", () => {
    const delivery = makeDelivery({ pauseReason: "upgrade" });
    delivery.addConsumer(1n, credit);
    delivery.offer(batchRef(1n, 1));
    expect([delivery.pausedReason(), delivery.operator.pauseReason]).toEqual(["PAUSED", "upgrade"]);
    expect(delivery.wantsMore()).toBe(true);
    expect(delivery.grant(0)).toEqual([]);
    delivery.operator.resume();
    const { lease } = only(delivery.grant(0));
    delivery.operator.pause("again");
    expect(verdictsOf(delivery.settle(1n, ack(lease, 1n), now))).toEqual([]);
    expect(delivery.figures().paused).toBe("PAUSED");
  });

  it("skips what was not looked at yet, in a bounded number of runs", () => {
    const delivery = makeDelivery();
    delivery.examinedThrough(4n);
    const ref = batchRef(9n, 4, { excluded: Uint8Array.of(0b0100) });
    expect(delivery.operator.skip([ref], { first: 1, last: 2 })).toBe(1);
    expect(delivery.operator.skip([ref], { first: 1, last: 2 })).toBe(0);
    expect(delivery.operator.skip([ref], { first: 8, last: 9 })).toBe(0);
    expect(delivery.operator.skip([batchRef(2n, 1)], { first: 0, last: 0 }), "passed").toBe(0);
    delivery.offer(ref);
    expect(delivery.figures().unsettled).toBe(2);
    const runs = Array.from({ length: exceptionsMax / 2 }, (_, i) => ({
      first: i * 2,
      last: i * 2,
    }));
    const full = CursorException.fromPartial({ runs: [...runs, ...runs] });
    const lanes = freshLanes().map((lane) => ({ ...lane, exceptions: new Map([[50n, full]]) }));
    const crowded = makeDelivery({ lanes });
    expect(() => crowded.operator.skip([ref], { first: 0, last: 0 })).toThrowError(
      expect.objectContaining({ reason: "LIMIT_REACHED" }),
    );
    const resident = batchRef(60n, 2);
    crowded.offer(resident);
    expect(() =>
      crowded.operator.skip([resident, batchRef(61n, 1)], { first: 0, last: 0 }),
    ).toThrowError(expect.objectContaining({ reason: "LIMIT_REACHED" }));
    expect(crowded.figures().unsettled, "all or nothing").toBe(2);
    expect(crowded.operator.skip([resident], { first: 0, last: 0 })).toBe(1);
    const late = Settlement.create({ acks: [rangesOf((1n << 40n) | 1n, 9n, [[0, 0]])] });
    const moment = { ...now, absent: [{ ref }] };
    const next = makeDelivery({ lanes, tokens: new LeaseTokens(2) });
    expect(next.absentSequences(late)).toEqual([9n]);
    expect(next.settle(undefined, late, moment).verdicts).toHaveLength(1);
  });

  it("changes settings for the next lease", () => {
    const delivery = makeDelivery();
    delivery.addConsumer(1n, credit);
    delivery.update({ ackDeadlineMs: 5, retry: { minMs: 1, maxMs: 1 }, attemptsMax: 1 });
    delivery.offer(batchRef(1n, 1));
    expect(only(delivery.grant(0)).leaseEndMs).toBe(5);
    delivery.expire(5, half);
    expect(delivery.figures().doomed).toBe(1);
  });

  it("shows what is settled above the cursors, for a snapshot", () => {
    const delivery = makeDelivery();
    delivery.offer(batchRef(1n, 3));
    delivery.operator.skip([batchRef(1n, 3)], { first: 1, last: 1 });
    delivery.operator.skip([batchRef(7n, 3, { lane: HIGH })], { first: 0, last: 2 });
    while (delivery.takeChange() !== undefined);
    const remembered = delivery.lanes.map((lane) => snapshotLane(delivery.durableState(lane)));
    expect(remembered).toMatchObject([
      { lane: HIGH, sequences: [7n], settled: [{ runs: [{ first: 0, last: 2 }] }] },
      {
        lane: NORMAL,
        sequences: [1n],
        settled: [{ runs: [{ first: 1, last: 1, settled: true }] }],
      },
      { lane: LOW, sequences: [] },
    ]);
  });
});

describe("where a subscription begins", () => {
  const starts = [PartitionStart.create({ topicId: 1, partition: 0, offset: 12n })];
  const cursor = CursorState.create({ sequence: 1n, floorSequence: 5n, floorIndex: 2 });
  const lanes = freshLanes().map((lane) => ({ ...lane, cursor }));

  it("lets nothing in below the floor but of partitions that are named", () => {
    const delivery = makeDelivery({ lanes, partitionStarts: starts });
    delivery.offer(batchRef(2n, 10, { baseOffset: 10n }));
    expect(delivery.figures().unsettled).toBe(8);
    delivery.offer(batchRef(3n, 2, { baseOffset: 4n }));
    delivery.offer(batchRef(4n, 2, { topicId: 2 }));
    delivery.offer(batchRef(5n, 2, { topicId: 2, firstIndex: 1 }));
    expect(delivery.figures().unsettled).toBe(8);
    delivery.offer(batchRef(5n, 2, { topicId: 2, firstIndex: 3 }));
    expect(delivery.figures().unsettled).toBe(10);
    expect(delivery.expireBatch(batchRef(4n, 2, { topicId: 2 }))).toEqual({ count: 0, entered: 0 });
    expect(
      delivery.operator.skip([batchRef(3n, 2, { baseOffset: 4n })], { first: 0, last: 1 }),
    ).toBe(0);
  });
});

describe("what was removed", () => {
  it("is named by the entry whose cursor passes it, however much it is", () => {
    const state = new ProjectedState();
    state.createLanes(DeliveryOrder.NONE, 0n);
    const delivery = makeDelivery();
    let skipped = 0;
    for (let sequence = 1n; sequence <= 40n; sequence += 1n) {
      const ref = batchRef(sequence, 1_200);
      delivery.offer(ref);
      for (let first = 0; first < 1_200; first += 2) {
        skipped += delivery.operator.skip([ref], { first, last: first });
      }
    }
    delivery.examinedThrough(40n);
    delivery.addConsumer(1n, { bytes: 60_000_000n, events: 100_000 });
    for (const { lease, ref } of delivery.grant(0))
      delivery.settle(1n, ack(lease, ref.sequence), now);
    const taken: EventsSettled[] = [];
    for (let next = delivery.takeChange(); next; next = delivery.takeChange()) {
      taken.push(next);
      state.apply({ $case: "eventsSettled", value: next });
      const { cursor, exceptions } = state.durable();
      const above = [...exceptions.values()].flatMap(({ runs }) => runs);
      const settled = above.reduce((sum, { first, last }) => sum + last - first + 1, 0);
      const passed = (Number(cursor.sequence) - 1) * 1_200 + cursor.index;
      expect(Number(cursor.acked + cursor.skipped)).toBe(passed + settled);
      expect(cursor.entered).toBe(cursor.acked + cursor.skipped);
    }
    expect(taken.length).toBeGreaterThan(1);
    const counts = taken.flatMap(({ removed }) => removed);
    expect(counts.every(({ cause }) => cause === RemovalCause.SKIPPED)).toBe(true);
    expect(counts.reduce((sum, { count }) => sum + Number(count), 0)).toBe(skipped);
    expect(state.durable().cursor).toMatchObject({ sequence: 41n, skipped: 24_000n });
  });
});

describe("one settlement", () => {
  it("may keep an event and give it back: the extension was stale behind the nack", () => {
    const delivery = makeDelivery();
    delivery.addConsumer(1n, credit);
    delivery.offer(batchRef(1n, 1));
    const { lease } = only(delivery.grant(0));
    const events = rangesOf(lease, 1n, []);
    const settlement = Settlement.create({
      extensions: [{ events, deadlineMs: 9 }],
      nacks: [{ events, delayMs: 4, reason: "" }],
    });
    expect(delivery.settle(1n, settlement, now).verdicts).toEqual([]);
    expect(delivery.nextTimerMs(), "not before it is journalled").toBeUndefined();
    journal(delivery);
    expect(delivery.nextTimerMs()).toBe(4);
  });
});
