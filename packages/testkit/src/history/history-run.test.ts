import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const HISTORY_MAIN = fileURLToPath(new URL("../../dist/history/history-main.js", import.meta.url));

it("leaves a history of a run with kills in which the checker finds nothing", {
  timeout: 300_000,
}, () => {
  // `npm test` names its interpreter; without one only TypeScript takes part.
  const python = process.env["OPENDXA_PYTHON"];
  const args = ["--seconds", "15", "--seed", "7", ...(python ? ["--python", python] : [])];
  const run = spawnSync(process.execPath, [HISTORY_MAIN, ...args], {
    encoding: "utf8",
    timeout: 280_000,
  });
  expect(run.stderr).toBe("");
  expect(run.stdout).toMatch(/delivered\/acked 1\.000000/);
  expect(run.stdout).toMatch(/ passed, 0 failed\n$/);
});
