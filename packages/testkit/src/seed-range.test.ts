import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parseSeedRange, splitRange } from "./seed-range.js";

const RUNS = ["simulation/simulate-run", "faults/faults-run"].map((name) =>
  fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url)),
);

it("reads how many seeds, and from which on", () => {
  expect(parseSeedRange([], 100)).toEqual({ first: 1, count: 100 });
  expect(parseSeedRange(["--seeds", "3", "--seed", "0"], 100)).toEqual({ first: 0, count: 3 });
});

it.each(["0", "00", "-1", "1.5", "1e3", "many", "", "99999999999999999"])(
  "takes no %j for a number of seeds",
  (seeds) => {
    expect(() => parseSeedRange([`--seeds=${seeds}`], 100)).toThrow(/^--seeds must be a whole/);
  },
);

it("takes no word for a seed, and no argument that it does not know", () => {
  expect(() => parseSeedRange(["--seed", "first"], 100)).toThrow(/^--seed must be a whole/);
  expect(() => parseSeedRange(["--sedes", "3"], 100)).toThrow("--sedes");
});

it.each(RUNS)("is refused with one sentence and a failure by %s", (run) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [run, "--seeds", "0"], {
    encoding: "utf8",
  });
  expect(stderr).toBe("--seeds must be a whole number from 1 on, not 0\n");
  expect(stdout).toBe("");
  expect(status).toBe(2);
});

it.each([
  [10_000, 2],
  [7, 3],
  [2, 8],
  [1, 1],
])("splits %i seeds among %i processes without a gap or an overlap", (count, parts) => {
  const shards = splitRange({ first: 100, count }, parts);
  const seeds = shards.flatMap((shard) =>
    Array.from({ length: shard.count }, (_, i) => shard.first + i),
  );
  expect(seeds).toEqual(Array.from({ length: count }, (_, i) => 100 + i));
  expect(shards.length).toBe(Math.min(parts, count));
  const lengths = shards.map((shard) => shard.count);
  expect(Math.max(0, ...lengths) - Math.min(...lengths, Number.MAX_SAFE_INTEGER)).toBeLessThan(2);
});
