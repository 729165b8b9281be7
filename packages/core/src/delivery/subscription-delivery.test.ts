import { CursorState, Settlement, Verdict } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import type { BatchRef } from "./batch-ref.js";
import { LeaseTokens } from "./lease-tokens.js";
import { SubscriptionDelivery } from "./subscription-delivery.js";

const none = new Uint8Array(0);

function ref(sequence: bigint, count: number, more: Partial<BatchRef> = {}): BatchRef {
  const place = { topicId: 1, partition: 0, baseOffset: 0n };
  return { sequence, firstIndex: 0, count, excluded: none, bytes: count * 100, ...place, ...more };
}

function newDelivery(tokens = new LeaseTokens(1)): SubscriptionDelivery {
  return SubscriptionDelivery.restore({
    subscriptionId: 7,
    epoch: 1,
    settings: { ackDeadlineMs: 30_000, retry: { minMs: 1_000, maxMs: 600_000 } },
    cursor: CursorState.create({ sequence: 1n }),
    exceptions: new Map(),
    tokens,
  });
}

function offerAll(delivery: SubscriptionDelivery, ...refs: BatchRef[]): void {
  for (const each of refs) {
    delivery.offer(each);
    delivery.examinedThrough(each.sequence);
  }
}

function ack(lease: bigint, sequence: bigint, ...spans: [number, number][]): Settlement {
  const ranges = spans.map(([first, last]) => ({ first, last }));
  return Settlement.create({ number: 1n, acks: [{ lease, sequence, ranges }] });
}

const credit = { bytes: 1_000_000n, events: 1_000 };
const half = () => 0.5;

describe("SubscriptionDelivery", () => {
  it("hands a batch out, takes its ack and moves the cursor with a constant entry", () => {
    const delivery = newDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, ref(1n, 10), ref(3n, 5));
    const grants = delivery.grant(1_000);
    expect(grants.map((g) => [g.ref.sequence, g.attempt, g.leaseEndMs, g.selected.length])).toEqual(
      [
        [1n, 1, 31_000, 0],
        [3n, 1, 31_000, 0],
      ],
    );
    for (const grant of grants) {
      const { verdicts } = delivery.settle(1n, ack(grant.lease, grant.ref.sequence), 2_000, half);
      expect(verdicts).toEqual([]);
    }
    const change = delivery.takeChange();
    expect(change).toMatchObject({
      cursorSequence: 4n,
      cursorIndex: 0,
      acked: [],
      ackedCount: 15n,
      enteredCount: 15n,
    });
    expect(delivery.takeChange()).toBeUndefined();
    expect(delivery.grant(2_000)).toEqual([]);
  });

  it("answers stale for what is settled and unknown for what is not there", () => {
    const delivery = newDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, ref(1n, 10), ref(2n, 10));
    const [grant] = delivery.grant(0);
    delivery.settle(1n, ack(grant?.lease ?? 0n, 1n, [0, 4]), 0, half);
    const { verdicts } = delivery.settle(1n, ack(grant?.lease ?? 0n, 1n, [3, 12]), 0, half);
    expect(verdicts.map(({ verdict, events }) => [verdict, events?.ranges])).toEqual([
      [Verdict.STALE, [{ first: 3, last: 4 }]],
      [Verdict.UNKNOWN, [{ first: 10, last: 12 }]],
    ]);
    expect(delivery.takeChange()).toMatchObject({ cursorSequence: 2n, ackedCount: 10n });
  });
});
