import { describe, expect, it } from "vitest";
import { required } from "../state/state-changes.js";
import { feedbackProjection } from "./feedback-projection.js";
import { World } from "./feedback-world.test-support.js";
import { passes } from "./validation.js";

describe("faults of the program", () => {
  it("are not taken for refusals", () => {
    const fault = new Error("fault");
    expect(() =>
      passes(() => {
        throw fault;
      }),
    ).toThrow(fault);
  });

  it("stop the projection instead of being skipped", () => {
    expect(() => required(undefined, "execution")).toThrow("no execution");
    const entry = {
      timeUnixMs: 0n,
      batches: [],
      kind: {
        $case: "executionRegistered" as const,
        value: {
          execution: undefined,
          matched: [],
          waitsEnded: [],
          forgetTimeUnixMs: 0n,
          closeTimeUnixMs: 0n,
          morePending: false,
        },
      },
    };
    const loaded = new World().loaded();
    expect(() => feedbackProjection.apply(loaded, entry, 1n)).toThrow("no execution");
  });

  it("leaves entries of other parts alone", () => {
    const loaded = new World().loaded();
    const entry = { timeUnixMs: 0n, batches: [], kind: undefined };
    expect(feedbackProjection.reads(entry, 1n, loaded)).toEqual([]);
    expect(feedbackProjection.apply(loaded, entry, 1n)).toEqual([]);
  });
});
