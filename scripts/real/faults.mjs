// The fault matrix on the simulated world, with more seeds than `npm test` has minutes for.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../task/paths.mjs";

const SEEDS = "400";
const FIRST = "20000";
const program = join(ROOT, "packages", "testkit", "dist", "faults", "faults-run.js");
const run = ["--seeds", SEEDS, "--seed", FIRST];
const { status } = spawnSync(process.execPath, [program, ...run], { stdio: "inherit" });
process.exit(status ?? 1);
