import { Priority } from "@opendxa/pubsub-protocol";
import fc from "fast-check";
import type { BatchRef } from "./batch-ref.js";
import type { BatchTraits } from "./batch-traits.js";
import { batchRef } from "./delivery-world.test-support.js";

/** A batch with what its heads would say. */
export interface TestBatch {
  readonly ref: BatchRef;
  readonly traits: BatchTraits;
}

const shape = fc.record({
  count: fc.integer({ min: 1, max: 12 }),
  excluded: fc.option(fc.uint8Array({ minLength: 2, maxLength: 2 }), { freq: 2 }),
  gap: fc.constantFrom(0n, 1n, 1n, 3n),
  topicId: fc.constantFrom(1, 1, 2),
  partition: fc.constantFrom(0, 0, 1),
  lane: fc.constantFrom(Priority.NORMAL, Priority.NORMAL, Priority.HIGH, Priority.LOW),
  isDeadLetter: fc.constantFrom(false, false, true),
  expires: fc.boolean(),
  keys: fc.array(fc.constantFrom("a", "a", "b", "c", undefined), { minLength: 12, maxLength: 12 }),
  times: fc.array(fc.constantFrom(undefined, 1_500, 6_000, 45_000, 7_200_000), {
    minLength: 12,
    maxLength: 12,
  }),
});

/**
 * Batches in ascending order: several in one entry, gaps between entries, excluded events, topics,
 * partitions, lanes, keys, expire times.
 */
export const batches: fc.Arbitrary<TestBatch[]> = fc
  .array(shape, { minLength: 1, maxLength: 9, size: "max" })
  .map((shapes) => {
    let sequence = 1n;
    let nextIndex = 0;
    const offsets = new Map<string, bigint>();
    return shapes.map(({ count, excluded, gap, keys, times, ...rest }) => {
      sequence += gap;
      nextIndex = gap === 0n ? nextIndex : 0;
      const firstIndex = nextIndex;
      const scope = `${rest.topicId}/${rest.partition}`;
      const baseOffset = offsets.get(scope) ?? 0n;
      offsets.set(scope, baseOffset + BigInt(count));
      nextIndex += count + 2;
      const bits = excluded ?? new Uint8Array(0);
      const ref = batchRef(sequence, count, { ...rest, firstIndex, baseOffset, excluded: bits });
      const traits: BatchTraits = {
        keyOf: (index) => keys[index - firstIndex],
        expireMsOf: (index) => (rest.expires ? times[index - firstIndex] : undefined),
      };
      return { ref, traits };
    });
  });
