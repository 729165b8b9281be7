import fc from "fast-check";
import { batchRef } from "./delivery-world.test-support.js";

/** Batches in ascending order: several in one entry, gaps between entries, excluded events. */
export const batches = fc
  .array(
    fc.record({
      count: fc.integer({ min: 1, max: 20 }),
      excluded: fc.option(fc.uint8Array({ minLength: 3, maxLength: 3 }), { freq: 1 }),
      gap: fc.constantFrom(0n, 1n, 1n, 3n),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((shapes) => {
    let sequence = 1n;
    let nextIndex = 0;
    return shapes.map(({ count, excluded, gap }) => {
      sequence += gap;
      nextIndex = gap === 0n ? nextIndex : 0;
      const bitmap = excluded ?? new Uint8Array(0);
      const ref = batchRef(sequence, count, { firstIndex: nextIndex, excluded: bitmap });
      nextIndex += count + 2;
      return ref;
    });
  });
