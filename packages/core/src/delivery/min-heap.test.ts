import fc from "fast-check";
import { expect, it } from "vitest";
import { MinHeap } from "./min-heap.js";

it("answers live items by key, whatever became stale, and sweeps what did", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1_000), fc.boolean()), { maxLength: 3_000 }), (items) => {
      const live = new Set<number>();
      const heap = new MinHeap<number>((value) => live.has(value));
      items.forEach(([key, isLive], value) => {
        if (isLive) live.add(value);
        heap.push(key, value);
      });
      const expected = items.filter(([, isLive]) => isLive).map(([key]) => key);
      const popped: number[] = [];
      for (let key = heap.peekKey(); key !== undefined; key = heap.peekKey()) {
        popped.push(key);
        expect(heap.peek()).toBe(heap.pop());
      }
      expect(popped).toEqual(expected.sort((a, b) => a - b));
      expect(heap.pop()).toBeUndefined();
      expect(heap.size).toBe(0);
    }),
    { numRuns: 50 },
  );
});

it("does not grow with stale items", () => {
  const heap = new MinHeap<number>((value, key) => key === value && value >= 99_000);
  for (let i = 0; i < 100_000; i += 1) heap.push(i, i);
  expect(heap.size).toBeLessThan(5_000);
  expect(heap.pop()).toBe(99_000);
});
