import fc from "fast-check";
import { expect, it } from "vitest";
import { SequenceBitmap } from "./sequence-bitmap.js";

const range = fc.record({ from: fc.nat(300), length: fc.integer({ min: 1, max: 90 }) });

it("holds what a plain set holds, over any ranges", () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 2n ** 48n - 1000n), fc.array(range), (first, ranges) => {
      const bitmap = new SequenceBitmap(first);
      const model = new Set<bigint>();
      for (const { from, length } of ranges) {
        const low = first + BigInt(from);
        bitmap.add({ first: low, last: low + BigInt(length) - 1n });
        for (let at = 0; at < length; at += 1) model.add(low + BigInt(at));
      }
      const copy = bitmap.clone();
      bitmap.add({ first: first + 500n, last: first + 500n });
      expect(copy.count).toBe(model.size);
      expect(copy.has(first + 500n)).toBe(false);
      expect(bitmap.count).toBe(model.size + 1);
      for (let at = 0n; at < 400n; at += 1n) {
        expect(copy.has(first + at)).toBe(model.has(first + at));
      }
    }),
  );
});
