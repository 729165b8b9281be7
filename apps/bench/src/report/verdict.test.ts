import { describe, expect, it } from "vitest";
import type { Bound, Figure } from "./result.js";
import { holds, passes, verdictOf } from "./verdict.js";

const result = (...figures: Figure[]) => ({ scenario: "s", setting: {}, figures, notes: [] });
const atLeast = (value: number): Bound => ({ at: "least", value });
const rate = (values: number[], least?: number): Figure => ({
  name: "rate",
  unit: "events/s",
  values,
  ...(least === undefined ? {} : { required: atLeast(least) }),
});

describe("verdictOf", () => {
  it("tells a goal reached from a requirement that merely holds, and from one that is missed", () => {
    const bounds = { required: atLeast(100), goal: atLeast(200) };
    expect(verdictOf({ ...rate([250, 10, 220]), ...bounds })).toBe("goal");
    expect(verdictOf({ ...rate([150, 10, 220]), ...bounds })).toBe("holds");
    expect(verdictOf({ ...rate([99, 10, 220]), ...bounds })).toBe("missed");
    expect(verdictOf(rate([99]))).toBe("measured");
  });

  it("does not take a goal that was not reached for a requirement that was missed", () => {
    expect(verdictOf({ ...rate([1]), goal: atLeast(2) })).toBe("measured");
  });

  it("has no values to judge where it was skipped or failed", () => {
    const notMeasured = { as: "skipped", why: "not served" } as const;
    expect(verdictOf({ ...rate([], 1), notMeasured })).toBe("skipped");
    expect(verdictOf(rate([], 1))).toBe("failed");
  });
});

describe("passes", () => {
  it("judges the median of each required figure", () => {
    expect(passes(result(rate([90, 110, 200], 100)))).toBe(true);
    expect(passes(result(rate([90, 95, 200], 100)))).toBe(false);
    expect(passes(result(rate([200], 100), rate([90], 100)))).toBe(false);
    expect(passes(result(rate([200], 100), rate([90])))).toBe(true);
  });

  it("does not pass where nothing was required or nothing was measured", () => {
    expect(passes(result(rate([200])))).toBe(false);
    expect(passes(result(rate([], 100)))).toBe(false);
  });

  it("passes beside what this version does not serve, but not by it alone", () => {
    const skipped = { ...rate([], 1), notMeasured: { as: "skipped", why: "not served" } } as const;
    expect(passes(result(skipped, rate([200], 100)))).toBe(true);
    expect(passes(result(skipped))).toBe(false);
  });
});

describe("holds", () => {
  it("includes the bound on both sides", () => {
    expect(holds(5, { at: "least", value: 5 })).toBe(true);
    expect(holds(5, { at: "most", value: 5 })).toBe(true);
    expect(holds(6, { at: "most", value: 5 })).toBe(false);
  });
});
