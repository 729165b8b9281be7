import { describe, expect, it } from "vitest";
import { usageBetween, usageFigures } from "./broker-usage.js";

const reading = (processorMs: number, peak: number) => ({
  mainAtMs: 0,
  processorMs,
  residentBytes: peak / 2,
  residentBytesPeak: peak,
  loopDelayMs: { p50: 1, p99: 2, max: 3 },
});

describe("usageFigures", () => {
  it("shares the processor time between two readings among the events", () => {
    const usage = usageBetween(reading(1_000, 1e6), reading(3_000, 200e6), 4_000_000);
    const shown = usageFigures([usage]).map(({ unit, values }) => [unit, ...values]);
    expect(shown).toEqual([
      ["us", 0.5],
      ["MB", 100],
      ["MB", 200],
      ["ms", 1],
      ["ms", 2],
      ["ms", 3],
    ]);
  });
});
