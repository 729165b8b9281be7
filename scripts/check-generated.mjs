// Generates everything again and fails when that differs from what lies here.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { committedFiles } from "./task/committed-files.mjs";
import { ROOT } from "./task/paths.mjs";
import { run } from "./task/process.mjs";
import { generateArguments } from "./task/python.mjs";

const GENERATED = /(^|\/)_?gen\/|^docs\/reference\/|^packages\/protocol\/schemas\//;

/** Contents before and after are compared, not git's state: uncommitted generated code is fresh, too. */
function fingerprints() {
  return new Map(
    committedFiles()
      .filter((path) => GENERATED.test(path))
      .map((path) => [
        path,
        createHash("sha256")
          .update(readFileSync(join(ROOT, path)))
          .digest("hex"),
      ]),
  );
}

const before = fingerprints();
const { code } = await run(["node", "scripts/generate.mjs", ...generateArguments()]);
const after = fingerprints();
const stale = [...new Set([...before.keys(), ...after.keys()])].filter(
  (path) => before.get(path) !== after.get(path),
);
for (const path of stale)
  console.error(`${path} was stale (npm run generate made it anew: commit it)`);
process.exitCode = code === 0 && stale.length === 0 ? 0 : 1;
