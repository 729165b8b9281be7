import { describe, expect, it } from "vitest";
import { compareReports, comparisonTable } from "./compare.js";
import { reportOf } from "./report.js";
import type { Figure } from "./result.js";

const machine = {
  processor: "p",
  processors: 2,
  memoryBytes: 1,
  system: "linux",
  node: "v20",
  fileSystem: "ext4",
  load: { before: 1, after: 2 },
};

const report = (...figures: Figure[]) =>
  reportOf(
    { scenario: "s", setting: {}, figures, notes: [] },
    { isQuick: false, machine, commit: "c", takenAt: "2026-01-01T00:00:00Z" },
  );
const rate = (...values: number[]): Figure => ({ name: "rate", unit: "MB/s", values });
const outcome = (first: number, second: number) =>
  compareReports(report(rate(first)), report(rate(second)))[0]?.outcome;

describe("compareReports", () => {
  it("sees no difference under 30 %, in either direction alike", () => {
    expect(outcome(100, 129)).toBe("no difference");
    expect(outcome(100, 130)).toBe("more");
    expect(outcome(130, 101)).toBe("no difference");
    expect(outcome(130, 100)).toBe("less");
    expect(outcome(0, 0)).toBe("no difference");
    expect(outcome(0, 1)).toBe("more");
  });

  it("gives the ratio of the medians with the range of the spreads", () => {
    const [compared] = compareReports(report(rate(8, 10, 20)), report(rate(10, 30, 40)));
    expect(compared?.ratio).toEqual({ median: 3, least: 0.5, most: 5 });
  });

  it("takes out what the machine itself changed, where both have a ceiling", () => {
    const beside = (value: number, most: number): Figure => ({
      ...rate(value),
      ceiling: { name: "disk", values: [most] },
    });
    const [compared] = compareReports(report(beside(50, 100)), report(beside(100, 200)));
    expect(compared).toMatchObject({ outcome: "more", besideCeiling: 1 });
  });

  it("names what only one of them has, and leaves out what neither measured", () => {
    const other = { ...rate(1), name: "other" };
    const compared = compareReports(report(rate(1), { ...rate(), name: "none" }), report(other));
    expect(compared.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["rate", "only in the first"],
      ["other", "only in the second"],
    ]);
  });

  it("tells figures of the same name in two groups apart", () => {
    const [compared] = compareReports(
      report({ ...rate(1), group: "a" }, { ...rate(5), group: "b" }),
      report({ ...rate(5), group: "b" }),
    );
    expect(compared?.outcome).toBe("only in the first");
  });
});

describe("comparisonTable", () => {
  it("shows both medians, the ratio, its range and the outcome", () => {
    const [, row] = comparisonTable(compareReports(report(rate(10)), report(rate(20)))).split("\n");
    expect(row?.split(/\s{2,}/)).toEqual(["rate", "MB/s", "10", "20", "2", "2 .. 2", "more"]);
  });
});

describe("reportOf", () => {
  it("writes spread, verdict and the share of the ceiling beside each figure", () => {
    const [figure] = report({
      ...rate(100, 120, 130),
      required: { at: "least", value: 100 },
      ceiling: { name: "disk", values: [240] },
    }).figures;
    expect(figure).toMatchObject({
      spread: { median: 120, least: 100, most: 130 },
      verdict: "holds",
      ceiling: { name: "disk", value: 240, ratio: 0.5 },
    });
  });
});
