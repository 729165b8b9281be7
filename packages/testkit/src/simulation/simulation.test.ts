import { describe, expect, it, vi } from "vitest";
import { simulate } from "./simulation.js";

vi.setConfig({ testTimeout: 120_000 });

/** The short set; `npm run simulate` and the nightly go on from here. */
const SEEDS = Array.from({ length: 6 }, (_, i) => 2_000 + i);

describe("a simulated world of publishers and consumers", () => {
  it.each(SEEDS)(
    "delivers everything, in order, and nothing that was settled, seed %i",
    async (seed) => {
      const { faults, figures, folder } = await simulate(seed);
      expect(faults, folder).toEqual([]);
      expect(figures?.acked).toBeGreaterThan(0);
      expect(figures?.paid).toBe(figures?.owed);
    },
  );

  it("has the same history for the same seed", async () => {
    const first = await simulate(2_100);
    const again = await simulate(2_100);
    expect(first.history).toBe(again.history);
    expect((await simulate(2_101)).history).not.toBe(first.history);
  });
});
