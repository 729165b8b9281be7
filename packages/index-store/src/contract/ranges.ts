import { expect, it } from "vitest";
import { prefixScope } from "../index-key.js";
import type { IndexRange } from "../index-store.js";
import { type CurrentBench, collect, keysOf } from "./contract-bench.js";

/** Which entries a range has, in which order. */
export function declareRanges(current: CurrentBench): void {
  const ranges: readonly (readonly [string, Omit<IndexRange, "limit">, string])[] = [
    ["everything", {}, "a b ba c"],
    ["gte", { gte: "b" }, "b ba c"],
    ["gt", { gt: "b" }, "ba c"],
    ["lt", { lt: "b" }, "a"],
    ["lte", { lte: "b" }, "a b"],
    ["both sides", { gt: "a", lte: "ba" }, "b ba"],
    ["bounds that are no keys", { gte: "aa", lt: "bb" }, "b ba"],
    ["a prefix", prefixScope("b"), "b ba"],
    ["reverse", { reverse: true }, "c ba b a"],
    ["reverse with bounds", { gte: "b", lt: "c", reverse: true }, "ba b"],
    ["reverse, exclusive below", { gt: "a", lte: "ba", reverse: true }, "ba b"],
    ["empty lower bound", { gte: "" }, "a b ba c"],
    ["empty upper bound", { lt: "" }, ""],
    ["crossed bounds", { gte: "c", lt: "b" }, ""],
    ["equal bounds, closed", { gte: "b", lte: "b" }, "b"],
    ["equal bounds, open", { gt: "b", lt: "b" }, ""],
  ];
  it.each(ranges)("%s", async (_name, range, expected) => {
    await current().put("c", "ba", "a", "b");
    const page = keysOf(await current().store.scan({ ...range, limit: 10 }));
    expect(page.join(" ")).toBe(expected);
    expect(keysOf(await collect(current().store.iterate(range)))).toEqual(page);
  });

  it("gives exactly as many entries as asked, across the store's own chunks", async () => {
    const keys = Array.from({ length: 3000 }, (_, i) => String(i).padStart(5, "0"));
    await current().put(...keys);
    for (const limit of [1, 63, 64, 65, 2999, 3000, 3001]) {
      const page = await current().store.scan({ limit });
      expect(keysOf(page)).toEqual(keys.slice(0, limit));
      const reversed = await current().store.scan({ limit, reverse: true });
      expect(keysOf(reversed)).toEqual(keys.toReversed().slice(0, limit));
    }
  });

  it("refuses two bounds on one side and a limit that is none as a caller's mistake", async () => {
    await expect(current().store.scan({ gte: "a", gt: "a", limit: 1 })).rejects.toThrow(TypeError);
    await expect(current().store.scan({ lte: "a", lt: "a", limit: 1 })).rejects.toThrow(TypeError);
    await expect(current().store.scan({ limit: 0 })).rejects.toThrow(TypeError);
    await expect(current().store.scan({ limit: 1.5 })).rejects.toThrow(TypeError);
  });
}
