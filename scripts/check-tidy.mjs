// What no linter looks at: open ends, paths of somebody's machine, hidden time and chance, samples nobody shows.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { committedFiles } from "./task/committed-files.mjs";
import { ROOT } from "./task/paths.mjs";
import { tidyProblems } from "./task/tidy-rules.mjs";

const TEXT = /\.(ts|mjs|cjs|js|py|na|proto|md|json|ya?ml|toml|sh|txt)$|(^|\/)\.ci\/run$/;
const NOT_OURS = /(^|\/)(gen|_gen|fixtures)\/|(^|\/)(pnpm-lock\.yaml|uv\.lock)$/;

const files = committedFiles()
  .filter((path) => TEXT.test(path) && !NOT_OURS.test(path))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
const problems = tidyProblems(files);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
