import { describe, expect, it } from "vitest";
import { parseSeedRange, splitRange } from "./seed-range.js";

describe("a range of seeds", () => {
  it("is read from the arguments, and nothing else is", () => {
    expect(parseSeedRange(["--seeds", "5", "--seed", "70"], 1)).toEqual({ first: 70, count: 5 });
    expect(parseSeedRange([], 9)).toEqual({ first: 1, count: 9 });
    expect(() => parseSeedRange(["--seeds", "-1"], 1)).toThrow();
    expect(() => parseSeedRange(["--sedes", "1"], 1)).toThrow();
  });

  it.each([
    [10_000, 2],
    [7, 3],
    [2, 8],
    [1, 1],
    [0, 4],
  ])("of %i seeds is split among %i processes without a gap or an overlap", (count, parts) => {
    const shards = splitRange({ first: 100, count }, parts);
    const seeds = shards.flatMap((shard) =>
      Array.from({ length: shard.count }, (_, i) => shard.first + i),
    );
    expect(seeds).toEqual(Array.from({ length: count }, (_, i) => 100 + i));
    expect(shards.length).toBe(Math.min(parts, count));
    const lengths = shards.map((shard) => shard.count);
    expect(Math.max(0, ...lengths) - Math.min(...lengths, Number.MAX_SAFE_INTEGER)).toBeLessThan(2);
  });
});
