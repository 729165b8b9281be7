import { type DeliveredBatch, encodeBatch, selectionOf } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { Deliveries } from "./deliveries.js";
import type { Settler } from "./received-event.js";

const SETTLER: Settler = {
  name: "s",
  settledByCall: () => undefined,
  ack: async () => "settled",
  nack: async () => "settled",
  extend: async () => "settled",
};

function delivered(
  lease: bigint,
  keys: readonly string[],
  selected: Uint8Array = new Uint8Array(0),
  topic = "t",
): DeliveredBatch {
  const events = keys.map((orderingKey, index) => ({ id: String(index), type: "t", orderingKey }));
  return {
    lease,
    sequence: 1n,
    firstIndex: 3,
    batch: encodeBatch({ topic, events }),
    selected,
    attempt: 1,
    leaseEndUnixMs: 1_234n,
  };
}

it("hands out the selected events in order, and returns credit at half", () => {
  const deliveries = new Deliveries(SETTLER, 100);
  deliveries.add([delivered(1n, ["a", "b", "c"], selectionOf(3, [0, 2]))], 40, 0);
  deliveries.add([delivered(2n, ["d"])], 20, 0);
  const taken = [deliveries.take(), deliveries.take()];
  expect(taken.map((event) => event?.position.index)).toEqual([3, 5]);
  expect(taken.map((event) => event?.leaseEndUnixMs)).toEqual([1_234n, 1_234n]);
  expect(deliveries.takeCredit()).toBe(0);
  expect(deliveries.take()?.orderingKey).toBe("d");
  expect(deliveries.takeCredit()).toBe(60);
  expect(deliveries.take()).toBeUndefined();
});

it("takes back what waits of a key, with its credit", () => {
  const deliveries = new Deliveries(SETTLER, 10);
  deliveries.add([delivered(1n, ["a", "b", "a"])], 30, 0);
  deliveries.add([delivered(2n, ["a"], undefined, "another")], 1, 0);
  const nacked = deliveries.take();
  if (nacked === undefined) throw new Error("no event");
  deliveries.dropKeyOf(nacked);
  expect(deliveries.takeCredit()).toBe(30);
  expect(deliveries.take()?.orderingKey).toBe("b");
  // A key is one of its topic-partition: the same word elsewhere is another.
  expect(deliveries.take()?.topic).toBe("another");
  expect(deliveries.waiting).toBe(0);
});

it("hands out nothing of a parked key, in order once it is not any more", () => {
  const deliveries = new Deliveries(SETTLER, 10);
  deliveries.add([delivered(1n, ["a", "a", "b", "a"])], 30, 0);
  const first = deliveries.take();
  if (first === undefined) throw new Error("no event");
  deliveries.park(first);
  deliveries.park(first);
  expect(deliveries.take()?.orderingKey).toBe("b");
  expect(deliveries.take()).toBeUndefined();
  deliveries.unpark(first);
  expect(deliveries.take()).toBeUndefined();
  deliveries.unpark(first);
  expect([deliveries.take()?.id, deliveries.take()?.id]).toEqual(["1", "3"]);
  expect(deliveries.waiting).toBe(0);
});

it("knows which leases are held and not too old", () => {
  const deliveries = new Deliveries(SETTLER, 10);
  deliveries.add([delivered(1n, ["a", "b"])], 1, 1_000);
  const first = deliveries.take();
  if (first === undefined) throw new Error("no event");
  deliveries.settled(first);
  expect([...deliveries.heldSince(1_999, 1_000)].map(({ orderingKey }) => orderingKey)).toEqual([
    "b",
  ]);
  expect([...deliveries.heldSince(2_000, 1_000)]).toEqual([]);
});

it("gives up a batch that was damaged, with its credit, and keeps the others", () => {
  const deliveries = new Deliveries(SETTLER, 10);
  const broken = delivered(1n, ["a"]);
  if (broken.batch !== undefined) broken.batch = { ...broken.batch, headsCrc32c: 1 };
  const found = deliveries.add([broken], 10, 0);
  expect(found).toMatchObject([{ error: { reason: "BATCH_CHECKSUM_MISMATCH" } }]);
  expect(deliveries.takeCredit()).toBe(10);
  expect(deliveries.take()).toBeUndefined();
});
