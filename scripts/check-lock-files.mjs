// Lock files must work for everybody: they may name the public default registries only.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { committedFiles } from "./task/committed-files.mjs";
import { foreignHosts } from "./task/lock-hosts.mjs";
import { ROOT } from "./task/paths.mjs";

const LOCK = /(^|\/)(pnpm-lock\.yaml|uv\.lock|requirements[\w.-]*\.txt|go\.sum|\.npmrc)$/;

const problems = committedFiles()
  .filter((path) => LOCK.test(path))
  .flatMap((path) =>
    foreignHosts(readFileSync(join(ROOT, path), "utf8")).map((host) => `${path} names ${host}`),
  );
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
