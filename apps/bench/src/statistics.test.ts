import { describe, expect, it } from "vitest";
import { median, percentile, ratioOf, spreadOf } from "./statistics.js";

describe("percentile", () => {
  it("takes the nearest rank, whatever the order of the values", () => {
    const values = [30, 10, 20, 40, 50, 60, 70, 80, 90, 100];
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile(values, 0.99)).toBe(100);
    expect(percentile(values, 0)).toBe(10);
    expect(percentile([9, 10, 100], 0.5)).toBe(10);
  });

  it("refuses to answer for no values", () => {
    expect(() => percentile([], 0.5)).toThrow("no values");
  });
});

describe("median", () => {
  it("is the middle, or the mean of the two middle ones, by number and not by text", () => {
    expect(median([9, 100, 10])).toBe(10);
    expect(median([100, 9, 10, 20])).toBe(15);
    expect(() => median([])).toThrow("no values");
  });
});

describe("ratioOf", () => {
  it("divides the medians, and sets the worst against the best for its range", () => {
    const ratio = ratioOf(spreadOf([8, 10, 20]), spreadOf([10, 30, 40]));
    expect(ratio).toEqual({ median: 3, least: 0.5, most: 5 });
  });
});
