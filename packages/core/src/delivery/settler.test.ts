import { CursorState, Settlement, SettlementKind, Verdict } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import {
  ack,
  credit,
  extend,
  half,
  journal,
  nack,
  offerAll,
  only,
  rangesOf,
  verdictsOf,
} from "./delivery-steps.test-support.js";
import { batchRef, restoreDelivery } from "./delivery-world.test-support.js";
import { LeaseTokens } from "./lease-tokens.js";
import { endedLeasesMax } from "./limits.js";

describe("settling", () => {
  it("answers stale for what is settled and unknown for what is not there", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, batchRef(1n, 10), batchRef(3n, 10));
    const [grant] = delivery.grant(0);
    const lease = grant?.lease ?? 0n;
    const settle = (settlement: Settlement) =>
      verdictsOf(delivery.settle(1n, settlement, { nowMs: 0, jitter: half }));
    expect(settle(ack(lease, 1n, [0, 4], [2, 6]))).toEqual([[Verdict.STALE, [[2, 4]]]]);
    expect(settle(ack(lease, 1n, [3, 12]))).toEqual([
      [Verdict.STALE, [[3, 6]]],
      [Verdict.UNKNOWN, [[10, 12]]],
    ]);
    expect(settle(ack(lease, 1n, [9, 8]))).toEqual([[Verdict.UNKNOWN, [[9, 8]]]]);
    expect(settle(ack(lease, 3n, [0, 1]))).toEqual([[Verdict.UNKNOWN, [[0, 1]]]]);
    expect(settle(ack(lease + 99n, 1n))).toEqual([[Verdict.UNKNOWN, []]]);
    expect(settle(ack(0n, 1n, [0, 0]))).toEqual([[Verdict.UNKNOWN, [[0, 0]]]]);
    expect(settle(ack(5n << 40n, 1n, [0, 0]))).toEqual([[Verdict.UNKNOWN, [[0, 0]]]]);
    expect(settle(ack(lease, 1n, [0, 4_294_967_295]))).toEqual([
      [Verdict.STALE, [[0, 9]]],
      [Verdict.UNKNOWN, [[10, 4_294_967_295]]],
    ]);
    expect(delivery.takeChange()).toMatchObject({ cursorSequence: 3n, ackedCount: 10n });
  });

  it("fences by token and by consumer, and lets a caller without a stream use the token", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, batchRef(1n, 2));
    const first = only(delivery.grant(0));
    expect(
      verdictsOf(delivery.settle(2n, ack(first.lease, 1n), { nowMs: 0, jitter: half })),
    ).toEqual([[Verdict.STALE, [[0, 1]]]]);
    delivery.expire(30_000, half);
    expect(delivery.grant(40_000), "not before its failed attempt is journalled").toEqual([]);
    expect(only(journal(delivery))).toMatchObject({ enteredCount: 2n });
    const second = only(delivery.grant(40_000));
    for (const late of [ack(first.lease, 1n), nack(first.lease, 1n), extend(first.lease, 1n, 5)]) {
      expect(verdictsOf(delivery.settle(1n, late, { nowMs: 40_000, jitter: half }))).toEqual([
        [Verdict.STALE, [[0, 1]]],
      ]);
    }
    expect(
      delivery.settle(undefined, ack(second.lease, 1n), { nowMs: 40_000, jitter: half }).verdicts,
    ).toEqual([]);
    expect(delivery.takeChange()).toMatchObject({ ackedCount: 2n, enteredCount: 0n, retried: [] });
  });

  it("takes a late ack, of a whole lease too, but no late nack", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, batchRef(1n, 2));
    const { lease } = only(delivery.grant(0));
    delivery.expire(30_000, half);
    expect(
      verdictsOf(delivery.settle(1n, nack(lease, 1n), { nowMs: 30_001, jitter: half })),
    ).toEqual([[Verdict.STALE, [[0, 1]]]]);
    expect(delivery.settle(1n, ack(lease, 1n), { nowMs: 30_001, jitter: half }).verdicts).toEqual(
      [],
    );
    expect(delivery.figures()).toMatchObject({ unsettled: 0, leased: 0 });
    expect(delivery.nextTimerMs()).toBeUndefined();
  });

  it("says of an event that was asked for twice which of both was not carried out", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, batchRef(1n, 2));
    const { lease } = only(delivery.grant(0));
    delivery.expire(30_000, half);
    const both = { ...ack(lease, 1n), extensions: extend(lease, 1n, 5).extensions, number: 7n };
    expect(delivery.settle(1n, both, { nowMs: 30_001, jitter: half }).verdicts).toMatchObject([
      { verdict: Verdict.STALE, number: 7n, kind: SettlementKind.EXTENSION },
    ]);
    expect(delivery.figures()).toMatchObject({ unsettled: 0 });
    expect(delivery.settle(1n, both, { nowMs: 30_002, jitter: half }).verdicts).toMatchObject([
      { verdict: Verdict.STALE, kind: SettlementKind.EXTENSION },
      { verdict: Verdict.STALE, kind: SettlementKind.ACK },
    ]);
  });

  it("takes a late ack with a token of an earlier start when it names its events", () => {
    const tokens = new LeaseTokens(1);
    const old = restoreDelivery(tokens);
    old.addConsumer(1n, credit);
    offerAll(old, batchRef(1n, 2));
    const { lease } = only(old.grant(0));
    const delivery = restoreDelivery(new LeaseTokens(2), old.durableState());
    expect(
      verdictsOf(delivery.settle(1n, ack(lease, 1n, [0, 0]), { nowMs: 0, jitter: half })),
    ).toEqual([[Verdict.UNKNOWN, [[0, 0]]]]);
    offerAll(delivery, batchRef(1n, 2));
    expect(verdictsOf(delivery.settle(1n, ack(lease, 1n), { nowMs: 0, jitter: half }))).toEqual([
      [Verdict.STALE, []],
    ]);
    expect(
      delivery.settle(1n, ack(lease, 1n, [0, 0]), { nowMs: 0, jitter: half }).verdicts,
    ).toEqual([]);
    expect(delivery.takeChange()).toMatchObject({ cursorSequence: 1n, cursorIndex: 1 });
    offerAll(delivery, batchRef(2n, 1));
    expect(
      verdictsOf(delivery.settle(1n, ack(lease, 0n, [0, 0]), { nowMs: 0, jitter: half })),
    ).toEqual([[Verdict.STALE, [[0, 0]]]]);
  });

  it("splits a range at a cursor within an entry: it called what was settled unknown", () => {
    const cursor = CursorState.create({ sequence: 1n, index: 1, entered: 1n, acked: 1n });
    const delivery = restoreDelivery(new LeaseTokens(2), { cursor, exceptions: new Map() });
    const late = ack((1n << 40n) | 1n, 1n, [0, 1]);
    expect(verdictsOf(delivery.settle(1n, late, { nowMs: 0, jitter: half }))).toEqual([
      [Verdict.STALE, [[0, 0]]],
      [Verdict.UNKNOWN, [[1, 1]]],
    ]);
  });

  it("uses a nack's own delay, else the backoff with jitter, and extends leases", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, batchRef(1n, 1));
    const first = only(delivery.grant(0));
    delivery.settle(1n, extend(first.lease, 1n, 50_000), { nowMs: 10, jitter: half });
    expect(delivery.nextTimerMs()).toBe(50_010);
    delivery.settle(1n, extend(first.lease, 1n, 0), { nowMs: 10, jitter: half });
    expect(delivery.nextTimerMs()).toBe(30_010);
    delivery.settle(1n, nack(first.lease, 1n, 7), { nowMs: 100, jitter: half });
    expect(only(journal(delivery)).retried).toMatchObject([
      { attempts: 1, dueTimeUnixMs: 107n, reason: "busy" },
    ]);
    expect(delivery.nextTimerMs()).toBe(107);
    expect(delivery.grant(106)).toEqual([]);
    const second = only(delivery.grant(107));
    expect(second.attempt).toBe(2);
    delivery.settle(1n, nack(second.lease, 1n), { nowMs: 200, jitter: half });
    expect(only(journal(delivery)).retried).toMatchObject([
      { attempts: 2, dueTimeUnixMs: 1_200n, reason: "busy" },
    ]);
    expect(delivery.nextTimerMs()).toBe(200 + 1_000);
    delivery.expire(1_200, half);
    expect(delivery.nextTimerMs()).toBeUndefined();
  });

  it("grants a failed event again only when its failure is journalled", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, batchRef(1n, 1));
    const { lease } = only(delivery.grant(0));
    delivery.settle(1n, nack(lease, 1n, 7), { nowMs: 0, jitter: half });
    delivery.takeChange();
    const change = delivery.seal();
    expect(delivery.grant(1_000), "journalled, but not yet durable").toEqual([]);
    delivery.journalled(change);
    expect(only(delivery.grant(1_000)).attempt).toBe(2);
  });

  it.each<[string, Partial<Settlement>]>([
    ["settlement.nacks.events", { nacks: [{ events: undefined, reason: "" }] }],
    ["settlement.extensions.events", { extensions: [{ events: undefined, deadlineMs: 0 }] }],
  ])("refuses a settlement without %s", (field, settlement) => {
    const run = () =>
      restoreDelivery().settle(1n, Settlement.create(settlement), { nowMs: 0, jitter: half });
    expect(run).toThrowError(
      expect.objectContaining({
        reason: "BAD_REQUEST",
        metadata: expect.objectContaining({ field }),
      }),
    );
  });

  it.each<[string, Partial<Settlement>]>([
    ["settlement.items", { acks: Array(1_001).fill(rangesOf(1n, 1n, [])) }],
    ["settlement.items", { acks: [rangesOf(1n, 1n, Array(1_001).fill([0, 0]))] }],
    [
      "settlement.nacks.delay_ms",
      { nacks: [{ events: undefined, delayMs: 604_800_001, reason: "" }] },
    ],
    ["settlement.nacks.reason", { nacks: [{ events: undefined, reason: "é€😀".repeat(114) }] }],
    [
      "settlement.extensions.deadline_ms",
      { extensions: [{ events: undefined, deadlineMs: 600_001 }] },
    ],
  ])("refuses a settlement over %s before anything of it is carried out", (field, settlement) => {
    const run = () =>
      restoreDelivery().settle(1n, Settlement.create(settlement), { nowMs: 0, jitter: half });
    expect(run).toThrowError(
      expect.objectContaining({
        reason: "LIMIT_EXCEEDED",
        metadata: expect.objectContaining({ field }),
      }),
    );
  });

  it("refuses a settlement that names more events than it may, and carries nothing of it out", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 60_000_000n, events: 100_000 });
    offerAll(delivery, batchRef(1n, 4_000));
    const { lease } = only(delivery.grant(0));
    for (let from = 0; from < 4_000; from += 1_000) {
      const spans = Array.from(
        { length: 500 },
        (_, i) => [from + 2 * i, from + 2 * i] as [number, number],
      );
      delivery.settle(1n, ack(lease, 1n, ...spans), { nowMs: 0, jitter: half });
    }
    const first = rangesOf(lease, 1n, [[1, 1]]);
    const events = rangesOf(lease, 1n, Array(60).fill([0, 3_999]));
    const hostile = Settlement.create({ acks: [first], extensions: [{ events, deadlineMs: 1 }] });
    expect(() => delivery.settle(1n, hostile, { nowMs: 0, jitter: half })).toThrowError(
      expect.objectContaining({
        metadata: expect.objectContaining({ field: "settlement.events" }),
      }),
    );
    expect(delivery.figures().leased).toBe(2_000);
  });

  it("forgets the oldest ended leases beyond the bound", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 60_000_000n, events: 10 });
    offerAll(delivery, batchRef(1n, 1));
    const first = only(delivery.grant(0)).lease;
    let lease = first;
    for (let at = 1; at <= endedLeasesMax + 1; at += 1) {
      delivery.settle(1n, nack(lease, 1n, 0), { nowMs: at, jitter: half });
      delivery.addCredit(1n, { bytes: 100n, events: 0 });
      journal(delivery);
      lease = only(delivery.grant(at)).lease;
    }
    delivery.settle(1n, nack(lease, 1n, 0), { nowMs: 9_999, jitter: half });
    expect(verdictsOf(delivery.settle(1n, ack(first, 1n), { nowMs: 9_999, jitter: half }))).toEqual(
      [[Verdict.STALE, []]],
    );
    expect(verdictsOf(delivery.settle(1n, ack(lease, 1n), { nowMs: 9_999, jitter: half }))).toEqual(
      [],
    );
  });
});
