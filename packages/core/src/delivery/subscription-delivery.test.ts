import { CursorException, CursorState, Priority, Settlement } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import {
  ack,
  credit,
  half,
  nack,
  offerAll,
  only,
  rangesOf,
} from "./delivery-steps.test-support.js";
import { batchRef, ProjectedState, restoreDelivery } from "./delivery-world.test-support.js";
import { LeaseTokens } from "./lease-tokens.js";
import {
  clearedSequencesMax,
  consumersMax,
  exceptionsMax,
  readyBatchesMax,
  readyEventsMax,
} from "./limits.js";

describe("bounds", () => {
  it("refuses consumers beyond the limit, and a second join is a programming error", () => {
    const delivery = restoreDelivery();
    for (let id = 0n; id < BigInt(consumersMax); id += 1n) delivery.addConsumer(id, credit);
    expect(() => delivery.addConsumer(0n, credit)).toThrowError("joined twice");
    expect(() => delivery.addConsumer(99_999n, credit)).toThrowError(
      expect.objectContaining({ reason: "CONSUMER_LIMIT" }),
    );
  });

  it("caps credit at what the contract lets be outstanding", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 1n << 63n, events: 4_000_000_000 });
    offerAll(delivery, batchRef(1n, 65_535), batchRef(2n, 65_535));
    const events = delivery.grant(0).reduce((sum) => sum, 0);
    expect(events).toBe(0);
    expect(delivery.figures().leased).toBe(100_000);
  });

  it("stops wanting batches when many wait, by events and by batches", () => {
    const byEvents = restoreDelivery();
    offerAll(byEvents, batchRef(1n, readyEventsMax - 1));
    expect(byEvents.wantsMore()).toBe(true);
    offerAll(byEvents, batchRef(2n, 1));
    expect(byEvents.wantsMore()).toBe(false);
    const byBatches = restoreDelivery();
    for (let at = 1n; at <= BigInt(readyBatchesMax); at += 1n) {
      expect(byBatches.wantsMore()).toBe(true);
      offerAll(byBatches, batchRef(at, 1));
    }
    expect(byBatches.wantsMore()).toBe(false);
    expect(byBatches.frontier()).toBe(BigInt(readyBatchesMax) + 1n);
  });

  it("narrows dispatch to the oldest batch when there are too many exceptions, and recovers", () => {
    const runs = Array.from({ length: 30_000 }, (_, i) => ({
      first: i * 2 + 1,
      last: i * 2 + 1,
      settled: true,
      attempts: 0,
      dueTimeUnixMs: 0n,
      reason: "",
    }));
    const exceptions = new Map(
      [2n, 3n, 4n, 5n].map((sequence) => [sequence, CursorException.create({ runs })]),
    );
    const cursor = CursorState.create({ sequence: 1n, entered: 120_000n, acked: 120_000n });
    const projected = { cursor, exceptions };
    const delivery = restoreDelivery(new LeaseTokens(1), projected);
    expect(delivery.figures().exceptions).toBeGreaterThan(exceptionsMax);
    delivery.addConsumer(1n, { bytes: 60_000_000n, events: 100_000 });
    expect([delivery.pausedReason(), delivery.wantsMore()]).toEqual(["TOO_MANY_EXCEPTIONS", true]);
    offerAll(delivery, batchRef(1n, 2), batchRef(2n, 60_001));
    expect([delivery.pausedReason(), delivery.wantsMore()]).toEqual(["TOO_MANY_EXCEPTIONS", false]);
    const head = only(delivery.grant(0));
    expect(head.ref.sequence).toBe(1n);
    delivery.settle(1n, ack(head.lease, 1n), { nowMs: 0, jitter: half });
    let grants = delivery.grant(0);
    while (grants.length > 0) {
      for (const { lease, ref } of grants)
        delivery.settle(1n, ack(lease, ref.sequence), { nowMs: 0, jitter: half });
      grants = delivery.grant(0);
    }
    expect(delivery.takeChange()).toMatchObject({ cursorSequence: 3n, clearedSequences: [2n] });
    expect(delivery.pausedReason()).toBeUndefined();
  });

  it("spreads what does not fit one entry over several, and counts exactly in each", () => {
    const state = new ProjectedState();
    state.create();
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 60_000_000n, events: 100_000 });
    offerAll(delivery, batchRef(1n, 1), batchRef(2n, 65_000));
    const grants = delivery.grant(0);
    const lease = grants[1]?.lease ?? 0n;
    for (let from = 0; from < 65_000; from += 1_000) {
      const evens = Array.from(
        { length: 500 },
        (_, i) => [from + i * 2, from + i * 2] as [number, number],
      );
      const odds = evens
        .slice(0, 20)
        .map(([first, last]) => [first + 1, last + 1] as [number, number]);
      delivery.settle(1n, ack(lease, 2n, ...evens), { nowMs: 0, jitter: half });
      const nacks = odds.map((span, i) => ({
        events: rangesOf(lease, 2n, [span]),
        delayMs: from + i,
        reason: "x".repeat(1_000),
      }));
      delivery.settle(1n, Settlement.create({ nacks }), { nowMs: 0, jitter: half });
    }
    const taken = state.follow(delivery);
    expect(taken.length).toBeGreaterThan(2);
    const entered = taken.reduce((sum, { enteredCount }) => sum + enteredCount, 0n);
    const acked = taken.reduce((sum, { ackedCount }) => sum + ackedCount, 0n);
    expect([entered, acked]).toEqual([32_500n + 1_300n, 32_500n]);
    expect(state.durable()).toEqual(delivery.durableState());
  });

  it("clears many passed exceptions over several entries", () => {
    const count = clearedSequencesMax + 10;
    const run = { first: 0, last: 0, settled: true, attempts: 0, dueTimeUnixMs: 0n, reason: "" };
    const exceptions = new Map(
      Array.from({ length: count }, (_, i) => [
        BigInt(i + 2),
        CursorException.create({ runs: [run] }),
      ]),
    );
    const cursor = CursorState.create({ sequence: 1n });
    const delivery = restoreDelivery(new LeaseTokens(1), { cursor, exceptions });
    delivery.examinedThrough(BigInt(count) + 5n);
    expect(delivery.takeChange()).toBeUndefined();
    expect(delivery.takeChange(true)?.clearedSequences).toHaveLength(clearedSequencesMax);
    expect(delivery.takeChange()?.clearedSequences).toHaveLength(10);
    expect(delivery.takeChange(true)).toBeUndefined();
    expect(delivery.durableState().exceptions.size).toBe(0);
  });

  it("journals a cursor that went far without any settlement", () => {
    const delivery = restoreDelivery();
    delivery.examinedThrough(60_000n);
    delivery.examinedThrough(10n);
    expect(delivery.takeChange()).toBeUndefined();
    delivery.examinedThrough(70_000n);
    expect(delivery.takeChange()).toMatchObject({ cursorSequence: 70_001n, ackedCount: 0n });
  });
});

describe("whereabouts", () => {
  it("says where an event is", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 1_000n, events: 1 });
    offerAll(delivery, batchRef(1n, 1), batchRef(2n, 2));
    const { lease } = only(delivery.grant(0));
    const at = (sequence: bigint, index = 0) =>
      delivery.whereabouts({ lane: Priority.NORMAL, sequence, index });
    expect(at(1n)).toMatchObject({ state: "leased", consumerId: 1n, atMs: 30_000 });
    expect(at(2n)).toMatchObject({ state: "ready", attempts: 0, atMs: undefined });
    delivery.settle(1n, nack(lease, 1n, 9), { nowMs: 0, jitter: half });
    expect(at(1n)).toMatchObject({ state: "waiting", attempts: 1, atMs: 9, reason: "busy" });
    expect(at(2n, 7).state).toBe("unmatched");
    expect(at(9n).state).toBe("unexamined");
    expect(at(0n).state).toBe("settled");
  });
});

describe("many acknowledged batches", () => {
  it("are dropped from memory as the cursor passes them", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 60_000_000n, events: 10 });
    for (let sequence = 1n; sequence <= 3_000n; sequence += 1n) {
      offerAll(delivery, batchRef(sequence, 1));
      const { lease } = only(delivery.grant(Number(sequence)));
      delivery.settle(1n, ack(lease, sequence), { nowMs: Number(sequence), jitter: half });
    }
    expect(delivery.takeChange()).toMatchObject({ cursorSequence: 3_001n, ackedCount: 3_000n });
  });
});
