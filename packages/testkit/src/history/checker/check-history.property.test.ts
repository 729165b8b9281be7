import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { HistoryMaker } from "./history-maker.test-support.js";
import { judged, randomOf } from "./judged.test-support.js";
import { PLANTED_FAULTS } from "./planted-faults.test-support.js";

// Each run writes and reads files; this bound is for machines that are busy with others.
vi.setConfig({ testTimeout: 120_000 });

const SEEDS = fc.integer({ min: 1, max: 2 ** 31 });

it("finds nothing in any right history", async () => {
  await fc.assert(
    fc.asyncProperty(SEEDS, async (seed) => {
      expect((await judged(new HistoryMaker(seed).history)).violations).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it("finds one fault in any history, whichever it is", async () => {
  await fc.assert(
    fc.asyncProperty(SEEDS, fc.constantFrom(...PLANTED_FAULTS), async (seed, { rule, plant }) => {
      const { history } = new HistoryMaker(seed);
      fc.pre(plant(history, randomOf(seed)));
      expect([...(await judged(history)).counts.keys()]).toContain(rule);
    }),
    { numRuns: 120 },
  );
});
