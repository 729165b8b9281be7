import type { BatchResult } from "@opendxa/pubsub-protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { AckQueue } from "./ack-queue.js";

function result(baseOffset: bigint): BatchResult {
  const none = new Uint8Array(0);
  return {
    baseOffset,
    refused: none,
    duplicates: none,
    duplicateOffsets: [],
    refusals: [],
    refusal: undefined,
    scheduled: false,
    durability: 1,
  };
}

it("acknowledges every frame once, in order, whatever order they finish in", () => {
  const order = fc.integer({ min: 1, max: 64 }).chain((count) =>
    fc.tuple(
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, index) => index),
        { minLength: count },
      ),
      fc.array(fc.boolean(), { minLength: count, maxLength: count }),
    ),
  );
  fc.assert(
    fc.property(order, ([finishing, flushes]) => {
      const queue = new AckQueue();
      const frames = finishing.map((_, index) => queue.add(BigInt(index + 1), 10));
      const offsets: bigint[] = [];
      let through = 0n;
      const flush = () => {
        const acked = queue.takeFinished();
        if (acked === undefined) return;
        expect(acked.throughFrame).toBe(through + BigInt(acked.results.length));
        through = acked.throughFrame;
        offsets.push(...acked.results.map(({ baseOffset }) => baseOffset));
        expect(queue.bytes).toBe(queue.length * 10);
      };
      finishing.forEach((index, position) => {
        frames[index]?.succeed([result(BigInt(index))]);
        if (flushes[position]) flush();
      });
      flush();
      expect(offsets).toEqual(finishing.map((_, index) => BigInt(index)));
      expect(queue.length).toBe(0);
    }),
  );
});

it("acknowledges nothing from a failed frame on", () => {
  const queue = new AckQueue();
  const [first, second, third] = [queue.add(1n, 1), queue.add(2n, 1), queue.add(3n, 1)];
  const error = new Error("the journal failed");
  second.fail(error);
  third.succeed([result(3n)]);
  expect(queue.failure).toBeUndefined();
  expect(queue.takeFinished()).toBeUndefined();
  first.succeed([result(1n)]);
  expect(queue.takeFinished()).toMatchObject({ throughFrame: 1n });
  expect(queue.failure).toEqual({ error });
  expect(queue.takeFinished()).toBeUndefined();
});
