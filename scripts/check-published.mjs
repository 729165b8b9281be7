// The published packages as their users get them: manifests by publint, every entry's types by attw.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./task/paths.mjs";
import { run } from "./task/process.mjs";

const PUBLISHED = ["packages/protocol", "packages/client"];

const problems = [];
for (const folder of PUBLISHED) {
  if (!existsSync(join(ROOT, folder, "dist", "index.js"))) {
    problems.push(`${folder} is not built`);
    continue;
  }
  for (const command of [
    ["publint", "--strict", "--pack", "pnpm"],
    ["attw", "--pack", ".", "--profile", "esm-only"],
  ]) {
    const { code, output } = await run(command, { cwd: join(ROOT, folder), quiet: true });
    if (code !== 0) problems.push(`${folder}: ${command[0]} objects\n${output}`);
  }
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
