import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readReport } from "../../report/read-report.js";
import { bench, makeFolder } from "../run-bench.test-support.js";

/** Every part, with how many of its figures have something required of them. */
const PARTS = { matching: 1, idle: 2, "fan-out": 0, settling: 4, fairness: 2, backlog: 2 };

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it("npm run bench -- delivery --quick measures and prints every figure, and leaves nothing behind", async () => {
  const json = join(folder, "report.json");
  const data = join(folder, "data");
  const { stdout } = await bench("delivery", "--quick", "--folder", data, "--json", json);

  expect(stdout).toContain("these figures say nothing");
  const report = await readReport(json);
  expect(report).toMatchObject({ scenario: "delivery", isQuick: true });
  const required = Object.fromEntries(Object.keys(PARTS).map((part) => [part, 0]));
  for (const { group, name, spread, verdict, required: bound } of report.figures) {
    expect(verdict, name).not.toMatch(/failed|skipped/);
    expect(Number.isFinite(spread?.median), name).toBe(true);
    expect(stdout).toContain(name);
    const part = group.split(":")[0] ?? "";
    required[part] = (required[part] ?? 0) + (bound === null ? 0 : 1);
  }
  expect(required).toEqual(PARTS);
  expect(new Set(report.figures.map(({ group }) => group)).size).toBe(Object.keys(PARTS).length);
  expect(await readdir(data)).toEqual([]);
}, 240_000);
