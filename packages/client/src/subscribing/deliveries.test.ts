import { type DeliveredBatch, encodeBatch, selectionOf } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { Deliveries } from "./deliveries.js";
import type { ReceivedEvent, Settler } from "./received-event.js";

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
  baseOffset = 0n,
): DeliveredBatch {
  const events = keys.map((orderingKey, index) => ({ id: String(index), type: "t", orderingKey }));
  return {
    lease,
    sequence: 1n,
    firstIndex: 3,
    batch: { ...encodeBatch({ topic, events }), baseOffset },
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

function takeOne(deliveries: Deliveries): ReceivedEvent {
  const event = deliveries.take();
  if (event === undefined) throw new Error("no event");
  return event;
}

it("takes back what waits of a nacked key with the verdict, with its credit", () => {
  const deliveries = new Deliveries(SETTLER, 10);
  deliveries.keepsOrder = true;
  deliveries.add([delivered(1n, ["a", "b", "a"])], 30, 0);
  deliveries.add([delivered(2n, ["a"], undefined, "another")], 1, 0);
  const nacked = takeOne(deliveries);
  deliveries.nacked(nacked);
  expect(deliveries.take()?.orderingKey).toBe("b");
  // A key is one of its topic-partition: the same word elsewhere is another.
  expect(deliveries.take()?.topic).toBe("another");
  expect(deliveries.take(), "nothing of the key before the verdict").toBeUndefined();
  deliveries.nackTold(nacked, true);
  expect(deliveries.takeCredit()).toBe(31);
  expect(deliveries.waiting).toBe(0);
});

it("takes nothing back with a stale nack, for it may be leased anew", () => {
  const deliveries = new Deliveries(SETTLER, 10);
  deliveries.keepsOrder = true;
  deliveries.add([delivered(1n, ["a", "a"])], 30, 0);
  const nacked = takeOne(deliveries);
  deliveries.nacked(nacked);
  deliveries.nackTold(nacked, false);
  expect(deliveries.take()?.offset).toBe(1n);
});

it("takes what comes again for the verdict on its nack, and keeps it when that comes", () => {
  const deliveries = new Deliveries(SETTLER, 10);
  deliveries.keepsOrder = true;
  deliveries.add([delivered(1n, ["a", "a"])], 30, 0);
  const nacked = takeOne(deliveries);
  deliveries.nacked(nacked);
  deliveries.add([delivered(2n, ["a", "a"])], 30, 0);
  deliveries.nackTold(nacked, true);
  expect([takeOne(deliveries), takeOne(deliveries)].map(({ position }) => position.lease)).toEqual([
    2n,
    2n,
  ]);
});

it("takes back what waits behind an event of its key that comes again, and nothing else", () => {
  const deliveries = new Deliveries(SETTLER, 10);
  deliveries.keepsOrder = true;
  deliveries.add([delivered(1n, ["a", "b", "a", "a"])], 30, 0);
  deliveries.take();
  deliveries.add([delivered(2n, ["b"], undefined, "another")], 1, 0);
  deliveries.add([delivered(3n, ["a"], undefined, "t", 2n)], 2, 0);
  deliveries.add([delivered(4n, ["a"], undefined, "t", 3n)], 2, 0);
  const taken = [deliveries.take(), deliveries.take(), deliveries.take(), deliveries.take()];
  expect(taken.map((event) => [event?.orderingKey, event?.position.lease])).toEqual([
    ["b", 1n],
    ["b", 2n],
    ["a", 3n],
    ["a", 4n],
  ]);
  expect(deliveries.takeCredit(), "credit of what was taken back as well").toBe(35);
  expect([...deliveries.heldSince(0, 1)]).toHaveLength(5);
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
