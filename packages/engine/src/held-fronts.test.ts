import { describe, expect, it } from "vitest";
import { HeldFronts } from "./held-fronts.js";
import { heldFrontsMax, heldLookMs } from "./limits.js";

const held = { from: 20n, keptOffset: 10n, bytes: 5, untilMs: 10 * heldLookMs, nowMs: 0 };

describe("held fronts", () => {
  it("hold until the first batch is let go, and not shorter than an hour", () => {
    const fronts = new HeldFronts();
    fronts.hold(1, 0, held);
    fronts.hold(1, 0, { ...held, from: 30n, keptOffset: 20n, untilMs: 5 });
    expect(fronts.of(1, 0, heldLookMs - 1)).toEqual({
      from: 30n,
      keptOffset: 10n,
      bytes: 10,
      untilMs: heldLookMs,
    });
    expect(fronts.of(1, 0, heldLookMs)).toBeUndefined();
    expect(fronts.of(1, 0, 0)).toBeUndefined();
  });

  it("are forgotten when the clock jumped, and the oldest beyond the bound", () => {
    const fronts = new HeldFronts();
    for (let topicId = 0; topicId <= heldFrontsMax; topicId++) fronts.hold(topicId, 0, held);
    expect(fronts.of(0, 0, 0)).toBeUndefined();
    expect(fronts.of(1, 0, 0)).toBeDefined();
    fronts.clear();
    expect(fronts.of(1, 0, 0)).toBeUndefined();
  });
});
