import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const CRASH_RUN = fileURLToPath(new URL("../dist/crash/crash-run.js", import.meta.url));
const PYTHON_PUBLISHER = fileURLToPath(
  new URL("../../python/tests/crash_publisher.py", import.meta.url),
);

/** `npm test` names its interpreter; without one only TypeScript publishes here. */
function pythonArguments(): string[] {
  const python = process.env["OPENDXA_PYTHON"];
  return python !== undefined && existsSync(PYTHON_PUBLISHER) ? ["--python", python] : [];
}

it("loses, doubles and disorders nothing over five SIGKILLs", { timeout: 240_000 }, () => {
  const args = [CRASH_RUN, "--kills", "5", "--events", "5000", "--seed", "7", ...pythonArguments()];
  const run = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 220_000 });
  expect(run.stderr).toBe("");
  expect(run.stdout).toMatch(/\n10 passed, 0 failed\n$/);
});
