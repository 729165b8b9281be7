import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readReport } from "../../report/read-report.js";
import { bench, makeFolder } from "../run-bench.test-support.js";

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("npm run bench -- storage --quick", () => {
  it("measures, writes a report that can be compared, and leaves nothing behind", async () => {
    const json = join(folder, "report.json");
    const data = join(folder, "data");
    // Retention frees space behind checkpoints only: what is quick to store is never freed quickly.
    const parts = ["append", "memory"];
    const all = [...parts, "journals"];
    const options = ["--only", all.join(","), "--folder", data, "--json", json];
    const { stdout } = await bench("storage", "--quick", ...options);

    expect(stdout).toContain("these figures say nothing");
    const report = await readReport(json);
    expect(report).toMatchObject({ scenario: "storage", isQuick: true });
    expect(report.figures.filter(({ verdict }) => verdict === "failed")).toEqual([]);
    for (const part of parts) {
      const own = report.figures.filter(({ group }) => group.startsWith(`${part}:`));
      expect(own.length, part).toBeGreaterThan(0);
      expect(
        own.some(({ required }) => required !== null),
        part,
      ).toBe(true);
    }
    for (const { spread, verdict } of report.figures) {
      if (verdict !== "skipped") expect(Number.isFinite(spread?.median)).toBe(true);
    }
    expect(await readdir(data)).toEqual([]);

    const compared = await bench("compare", json, json);
    expect(compared.stdout).toContain("no difference");
    expect(compared.stdout).not.toMatch(/\b(more|less)$/m);
  }, 120_000);

  it("names a part that does not exist", async () => {
    const { stderr } = await bench("storage", "--quick", "--only", "apend", "--folder", folder);
    expect(stderr).toContain("the storage scenario has no part apend");
  });
});
