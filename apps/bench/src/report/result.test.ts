import { describe, expect, it } from "vitest";
import { type Figure, holds, passes } from "./result.js";

const result = (...figures: Figure[]) => ({ scenario: "s", setting: {}, figures, notes: [] });
const rate = (values: number[], least?: number): Figure => ({
  name: "rate",
  unit: "events/s",
  values,
  ...(least === undefined ? {} : { required: { at: "least", value: least } }),
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
});

describe("holds", () => {
  it("includes the bound on both sides", () => {
    expect(holds(5, { at: "least", value: 5 })).toBe(true);
    expect(holds(5, { at: "most", value: 5 })).toBe(true);
    expect(holds(6, { at: "most", value: 5 })).toBe(false);
  });
});
