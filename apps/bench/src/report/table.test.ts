import { describe, expect, it } from "vitest";
import { resultTable } from "./table.js";

const result = {
  scenario: "s",
  setting: {},
  notes: [],
  figures: [
    {
      group: "append",
      name: "64 KiB",
      unit: "MB/s",
      values: [120, 1_000, 100],
      required: { at: "least", value: 150 },
      ceiling: { name: "disk", values: [200, 240] },
    },
    { group: "append", name: "one", unit: "ms", values: [0.256] },
    {
      group: "retention",
      name: "p99",
      unit: "ratio",
      values: [],
      notMeasured: { as: "skipped", why: "not served by this version" },
    },
  ],
} as const;

describe("resultTable", () => {
  it("shows median, spread, bound, ceiling, the share of it and the verdict", () => {
    const lines = resultTable(result).split("\n");
    const row = lines.find((line) => line.startsWith("64 KiB"));
    expect(row?.split(/\s{2,}/)).toEqual([
      "64 KiB",
      "MB/s",
      "120",
      "100 .. 1,000",
      ">= 150",
      "disk 220",
      "0.55",
      "MISSED",
    ]);
  });

  it("heads each group once, and says why something was not measured", () => {
    const lines = resultTable(result).split("\n");
    expect(lines.filter((line) => line === "append")).toHaveLength(1);
    expect(lines.at(-2)).toMatch(/^p99 .* SKIPPED$/);
    expect(lines.at(-1)).toBe("    not served by this version");
  });

  it("shows one value without a spread, with the digits that small numbers need", () => {
    expect(resultTable(result)).toMatch(/^one +ms +0\.26$/m);
  });
});
