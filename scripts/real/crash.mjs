// The crash proof: 50 SIGKILLs of a real broker under publishers in TypeScript and Python, and 10 with its journal in
// LevelDB, judged from outside.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../task/paths.mjs";
import { installPythonPackages } from "../task/python.mjs";
import { pythonEnvironment } from "../task/test-legs.mjs";

await installPythonPackages({ dev: true });
const program = join(ROOT, "packages", "testkit", "dist", "crash", "crash-run.js");
const run = ["--real", "--seed", "1"];
const { OPENDXA_PYTHON: python } = pythonEnvironment();
const { status } = spawnSync(process.execPath, [program, ...run, "--python", python], {
  stdio: "inherit",
});
process.exit(status ?? 1);
