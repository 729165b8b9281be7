import { describe, expect, it, vi } from "vitest";
import { CONTROLS, isNoticed } from "./controls.js";
import { runDamage } from "./damage-run.js";
import { runFaults } from "./fault-run.js";
import { failureLines, parseSeeds, Totals } from "./report.js";

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

  it.each(CONTROLS)("notices $name", async (control) => {
    expect(await isNoticed(control)).toBe(true);
  });
});

describe("a seed that fails", () => {
  it("prints the one command that repeats it, and that gives the same history", async () => {
    const defects = { noFsync: true };
    let seed = 1;
    let run = await runFaults(seed, defects);
    while (run.faults.length === 0) run = await runFaults(++seed, defects);
    const [line = ""] = failureLines(seed, run.faults);
    const [, command = ""] = /again: npm run faults -- (.*)$/.exec(line) ?? [];
    const range = parseSeeds(command.split(" "));
    expect(range).toEqual({ first: seed, count: 1 });
    const again = await runFaults(range.first, defects);
    expect(again).toEqual(run);
    expect((await runFaults(seed)).history).not.toBe(run.history);
  });

  it("has the same history also where nothing fails, in both of its runs", async () => {
    const [seed = 0, other = 0] = SEEDS;
    expect(await runFaults(seed)).toEqual(await runFaults(seed));
    expect(await runDamage(seed)).toEqual(await runDamage(seed));
    expect((await runFaults(other)).history).not.toBe((await runFaults(seed)).history);
  });
});

describe("the report", () => {
  it("refuses arguments that are no numbers", () => {
    expect(() => parseSeeds(["--seeds", "many"])).toThrow("--seeds must be a whole number");
    expect(parseSeeds([])).toEqual({ first: 1, count: 200 });
  });

  it("fails a long run that never saw what it is to show", () => {
    const totals = new Totals();
    totals.add("rewrites", 0);
    totals.add("merges", 2);
    totals.add("merges", 1);
    expect(totals.entries()).toEqual([
      ["merges", 3],
      ["rewrites", 0],
    ]);
    expect(totals.neverTried(99)).toEqual([]);
    expect(totals.neverTried(100)).toEqual(["rewrites"]);
  });
});
