import { describe, expect, it, vi } from "vitest";
import { runControls } from "./controls.js";
import { runDamage } from "./damage-run.js";
import { runFaults } from "./fault-run.js";

vi.setConfig({ testTimeout: 180_000 });

/** The short set; `npm run faults` and the legs of `npm run test:real` go on from here. */
const SEEDS = Array.from({ length: 12 }, (_, i) => 1_000 + i);

describe("the fault matrix", () => {
  it.each(SEEDS)("loses nothing and serves nothing wrong, seed %i", async (seed) => {
    const { faults, acked } = await runFaults(seed);
    expect(faults).toEqual([]);
    expect(acked).toBeGreaterThan(0);
  });

  it.each(SEEDS)("names a flipped bit or is not hurt by it, seed %i", async (seed) => {
    expect((await runDamage(seed)).faults).toEqual([]);
  });

  it("notices every deliberate defect", async () => {
    const controls = await runControls();
    expect(controls.filter(({ isNoticed }) => !isNoticed)).toEqual([]);
  });
});
