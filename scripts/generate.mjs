// Everything that is generated from proto/: TypeScript by buf, then what each package makes of it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./task/paths.mjs";
import { run } from "./task/process.mjs";
import { PYTHON_ENVIRONMENT } from "./task/python.mjs";

const steps = [
  ["buf", "generate"],
  ...["packages/protocol/scripts/generate.mjs"].map((path) => ["node", path]),
  ...["packages/python/scripts/generate.py"].map((path) => [
    join(PYTHON_ENVIRONMENT, "bin", "python"),
    path,
  ]),
].filter(([, path]) => path === "generate" || existsSync(join(ROOT, path)));

for (const step of steps) {
  const { code } = await run(step);
  if (code !== 0) {
    process.exitCode = code;
    break;
  }
}
