import { describe, expect, it } from "vitest";
import { POISONED_EVERY } from "../scenarios/delivery/fairness.js";
import { fullSizes, quickSizes } from "../scenarios/delivery/sizes.js";
import { keyOf } from "./paced-task.js";

describe("the keys of paced events", () => {
  it.each([
    ["full", fullSizes()],
    ["quick", quickSizes],
  ])("all exist, and the first has its share, at the %s sizes", (_, sizes) => {
    const task = { keys: sizes.fairnessKeys, firstKeyEvery: POISONED_EVERY };
    const counts = new Map<number, number>();
    for (let number = 0; number < sizes.fairnessKeyedEvents; number += 1) {
      const key = keyOf(number, task);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(sizes.fairnessKeys);
    expect(Math.max(...counts.keys())).toBe(sizes.fairnessKeys - 1);
    expect(counts.get(0)).toBe(sizes.fairnessKeyedEvents / POISONED_EVERY);
  });
});
