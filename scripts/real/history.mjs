// Two minutes of publishers and consumers in their own processes under kills, judged by the checker of histories.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../task/paths.mjs";
import { installPythonPackages } from "../task/python.mjs";
import { pythonEnvironment } from "../task/test-legs.mjs";

const SECONDS = "120";
const SEED = "1";
await installPythonPackages({ dev: true });
const program = join(ROOT, "packages", "testkit", "dist", "history", "history-main.js");
const { OPENDXA_PYTHON: python } = pythonEnvironment();
const run = ["--seconds", SECONDS, "--seed", SEED, "--python", python];
const { status } = spawnSync(process.execPath, [program, ...run], { stdio: "inherit" });
process.exit(status ?? 1);
