import { Settlement } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import {
  ack,
  credit,
  half,
  journal,
  nack,
  offerAll,
  only,
  rangesOf,
} from "./delivery-steps.test-support.js";
import { batchRef, restoreDelivery } from "./delivery-world.test-support.js";

describe("granting", () => {
  it("hands a batch out, takes its ack and moves the cursor with a constant entry", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, batchRef(1n, 10), batchRef(3n, 5));
    const grants = delivery.grant(1_000);
    expect(grants.map((g) => [g.ref.sequence, g.attempt, g.leaseEndMs, g.selected.length])).toEqual(
      [
        [1n, 1, 31_000, 0],
        [3n, 1, 31_000, 0],
      ],
    );
    for (const grant of grants) {
      const settled = delivery.settle(1n, ack(grant.lease, grant.ref.sequence), {
        nowMs: 2_000,
        jitter: half,
      });
      expect(settled.verdicts).toEqual([]);
    }
    expect(delivery.takeChange()).toMatchObject({
      cursorSequence: 4n,
      cursorIndex: 0,
      acked: [],
      ackedCount: 15n,
      enteredCount: 15n,
    });
    expect(delivery.takeChange()).toBeUndefined();
    expect(delivery.grant(2_000)).toEqual([]);
  });

  it("serves consumers in turn", () => {
    const delivery = restoreDelivery();
    for (const id of [1n, 2n, 3n]) delivery.addConsumer(id, credit);
    offerAll(delivery, ...[1n, 2n, 3n, 4n].map((sequence) => batchRef(sequence, 1)));
    expect(delivery.grant(0).map(({ consumerId }) => consumerId)).toEqual([1n, 2n, 3n, 1n]);
    offerAll(delivery, batchRef(5n, 1));
    expect(only(delivery.grant(0)).consumerId).toBe(2n);
  });

  it("splits a batch by the event window and gives the credit back with the settlement", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 1_000_000n, events: 3 });
    offerAll(delivery, batchRef(1n, 8, { excluded: Uint8Array.of(0b0000_0010) }));
    const first = only(delivery.grant(0));
    expect([...first.selected]).toEqual([0b0000_1101]);
    expect(delivery.grant(0)).toEqual([]);
    delivery.settle(1n, ack(first.lease, 1n), { nowMs: 0, jitter: half });
    expect([...only(delivery.grant(0)).selected]).toEqual([0b0111_0000]);
    delivery.addCredit(1n, { bytes: 0n, events: 1 });
    expect([...only(delivery.grant(0)).selected]).toEqual([0b1000_0000]);
  });

  it("holds to byte credit, lets one too large delivery through, and counts what was really sent", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 250n, events: 100 });
    offerAll(delivery, batchRef(1n, 9), batchRef(2n, 1), batchRef(3n, 1));
    const large = only(delivery.grant(0));
    expect(large.bytes).toBe(900);
    delivery.settle(1n, ack(large.lease, 1n), { nowMs: 0, jitter: half });
    expect(delivery.grant(0)).toEqual([]);
    delivery.correctBytes(large, 100);
    const small = only(delivery.grant(0));
    expect([small.ref.sequence, small.bytes]).toEqual([2n, 100]);
    delivery.addCredit(1n, { bytes: 49n, events: 0 });
    expect(delivery.grant(0)).toEqual([]);
    delivery.addCredit(1n, { bytes: 1n, events: 0 });
    expect(only(delivery.grant(0)).ref.sequence).toBe(3n);
  });

  it("waits for a transport that is full", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    delivery.setWritable(1n, false);
    offerAll(delivery, batchRef(1n, 1));
    expect(delivery.grant(0)).toEqual([]);
    delivery.setWritable(1n, true);
    expect(delivery.grant(0)).toHaveLength(1);
  });

  it("ignores consumers that are gone", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, batchRef(1n, 1));
    const grant = only(delivery.grant(0));
    delivery.removeConsumer(1n, 0, half);
    delivery.removeConsumer(1n, 0, half);
    delivery.correctBytes(grant, 1);
    delivery.setWritable(1n, true);
    delivery.addCredit(1n, credit);
    expect(delivery.figures()).toMatchObject({ consumers: 0, leased: 0, waiting: 1, retrying: 1 });
  });

  it("turns between retries and new events, so that neither starves", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 1_000_000n, events: 2 });
    offerAll(delivery, batchRef(1n, 1), batchRef(2n, 1));
    for (const { lease, ref } of delivery.grant(0)) {
      delivery.settle(1n, nack(lease, ref.sequence, 0), { nowMs: 0, jitter: half });
    }
    offerAll(delivery, batchRef(3n, 1), batchRef(4n, 1));
    journal(delivery);
    const sequences = delivery.grant(1).map(({ ref }) => ref.sequence);
    expect(sequences.filter((sequence) => sequence > 2n)).toHaveLength(1);
  });

  it("never mixes attempts in one grant", () => {
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, credit);
    offerAll(delivery, batchRef(1n, 4));
    const nackSome = (lease: bigint, span: [number, number], delayMs: number, nowMs: number) => {
      const nacks = [{ events: rangesOf(lease, 1n, [span]), delayMs, reason: "" }];
      delivery.settle(1n, Settlement.create({ nacks }), { nowMs: nowMs, jitter: half });
      journal(delivery);
    };
    nackSome(only(delivery.grant(0)).lease, [1, 2], 5, 0);
    const second = only(delivery.grant(10));
    expect([second.attempt, ...second.selected]).toEqual([2, 0b0110]);
    nackSome(second.lease, [1, 1], 0, 10);
    delivery.expire(30_010, half);
    journal(delivery);
    const grants = delivery.grant(200_000).map(({ attempt, selected }) => [attempt, ...selected]);
    expect(grants.sort()).toEqual([
      [2, 0b1001],
      [3, 0b0110],
    ]);
  });
});
