import {
  DeliveryOrder,
  PartitionStart,
  Priority,
  Settlement,
  Verdict,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { half, rangesOf, verdictsOf } from "./delivery-steps.test-support.js";
import { batchRef, makeDelivery } from "./delivery-world.test-support.js";
import { LeaseTokens } from "./lease-tokens.js";

const old = new LeaseTokens(1).next();
const now = { nowMs: 0, jitter: half };

function acks(sequence: bigint, ...spans: [number, number][]): Settlement {
  return Settlement.create({ acks: [rangesOf(old, sequence, spans)] });
}

/** A delivery after a restart. */
function restarted(more: Parameters<typeof makeDelivery>[0] = {}) {
  return makeDelivery({ tokens: new LeaseTokens(2), ...more });
}

describe("a late ack from before a restart, of a batch that was not looked at yet", () => {
  it("counts, and the batch comes without the events", () => {
    const delivery = restarted();
    const ref = batchRef(3n, 4, { excluded: Uint8Array.of(0b0010) });
    const settlement = acks(3n, [0, 2], [0, 0], [9, 9]);
    expect(delivery.absentSequences(settlement)).toEqual([3n]);
    const outcome = delivery.settle(undefined, settlement, { ...now, absent: [{ ref }] });
    expect(verdictsOf(outcome)).toEqual([
      [Verdict.STALE, [[0, 0]]],
      [Verdict.UNKNOWN, [[9, 9]]],
    ]);
    delivery.offer(ref);
    expect(delivery.figures().unsettled).toBe(1);
    expect(delivery.takeChange()).toMatchObject({ ackedCount: 2n, enteredCount: 2n });
    expect(delivery.absentSequences(acks(3n, [0, 0])), "it is resident").toEqual([3n]);
    delivery.examinedThrough(3n);
    expect(delivery.absentSequences(acks(3n, [0, 0]))).toEqual([]);
    expect(delivery.absentSequences(acks(3n)), "without ranges it names nothing").toEqual([]);
  });

  it("counts with order KEY for events without a key alone", () => {
    const delivery = restarted({ order: DeliveryOrder.KEY });
    const ref = batchRef(3n, 3);
    const keys = ["a", undefined, "b"];
    const traits = { keyOf: (index: number) => keys[index], expireMsOf: () => undefined };
    const outcome = delivery.settle(undefined, acks(3n, [0, 2]), {
      ...now,
      absent: [{ ref, traits }],
    });
    expect(verdictsOf(outcome)).toEqual([
      [
        Verdict.STALE,
        [
          [0, 0],
          [2, 2],
        ],
      ],
    ]);
    expect(delivery.takeChange()).toMatchObject({ acked: [{ first: 1, last: 1 }] });
    const untold = delivery.settle(undefined, acks(4n, [0, 0]), {
      ...now,
      absent: [{ ref: batchRef(4n, 1) }],
    });
    expect(verdictsOf(untold)).toEqual([[Verdict.STALE, [[0, 0]]]]);
  });

  it("is stale where its lane passed it, though others are behind, and in an earlier epoch", () => {
    const delivery = restarted({ leaseFloor: old });
    delivery.examinedThrough(9n, Priority.HIGH);
    const ref = batchRef(5n, 1, { lane: Priority.HIGH });
    const moment = { ...now, absent: [{ ref }] };
    const stale = [[Verdict.STALE, [[0, 0]]]];
    expect(verdictsOf(delivery.settle(undefined, acks(5n, [0, 0]), moment))).toEqual(stale);
    const later = restarted();
    later.examinedThrough(9n, Priority.HIGH);
    expect(verdictsOf(later.settle(undefined, acks(5n, [0, 0]), moment))).toEqual(stale);
    expect(later.hasChanges).toBe(false);
  });

  it("is stale where its lane left the entry that another lane is still in", () => {
    const delivery = restarted();
    const urgent = batchRef(3n, 2, { lane: Priority.HIGH });
    const usual = batchRef(3n, 1, { firstIndex: 2 });
    for (const ref of [urgent, usual]) delivery.offer(ref);
    delivery.examinedThrough(3n);
    const first = { ...now, absent: [] };
    expect(verdictsOf(delivery.settle(undefined, acks(3n, [0, 1]), first))).toEqual([]);
    while (delivery.takeChange() !== undefined);
    expect(delivery.absentSequences(acks(3n, [2, 2])), "resident").toEqual([]);
    const again = acks(3n, [0, 1], [3, 3]);
    expect(delivery.absentSequences(again)).toEqual([3n]);
    const moment = { ...now, absent: [{ ref: urgent }, { ref: usual }] };
    expect(verdictsOf(delivery.settle(undefined, again, moment))).toEqual([
      [Verdict.STALE, [[0, 1]]],
      [Verdict.UNKNOWN, [[3, 3]]],
    ]);
  });

  it("is stale where it was settled and left while others were looked up", () => {
    const delivery = restarted();
    const urgent = batchRef(3n, 1, { lane: Priority.HIGH });
    for (const ref of [batchRef(2n, 1), urgent]) delivery.offer(ref);
    delivery.examinedThrough(3n);
    const later = batchRef(9n, 1);
    const settlement = Settlement.create({
      acks: [rangesOf(old, 3n, [[0, 0]]), rangesOf(old, 9n, [[0, 0]])],
    });
    expect(delivery.absentSequences(settlement)).toEqual([3n, 9n]);
    delivery.settle(undefined, acks(3n, [0, 0]), { ...now, absent: [] });
    while (delivery.takeChange() !== undefined);
    const moment = { ...now, absent: [{ ref: urgent }, { ref: later }] };
    const { verdicts } = delivery.settle(undefined, settlement, moment);
    expect(verdicts.map(({ verdict, events }) => [verdict, events?.sequence])).toEqual([
      [Verdict.STALE, 3n],
    ]);
    expect(delivery.takeChange()).toMatchObject({ ackedCount: 1n });
  });

  it("is nobody's without a start that includes it", () => {
    const start = PartitionStart.create({ topicId: 1, offset: 7n });
    const delivery = restarted({ partitionStarts: [start] });
    const moment = { ...now, absent: [{ ref: batchRef(3n, 2) }] };
    expect(verdictsOf(delivery.settle(undefined, acks(3n, [0, 1]), moment))).toEqual([
      [Verdict.UNKNOWN, [[0, 1]]],
    ]);
  });
});
