// The troubleshooting guide has every error reason as the contract states it. `--write` renews its rows.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readImage } from "./generate/image.mjs";
import { withRows } from "./task/marked-rows.mjs";
import { ROOT } from "./task/paths.mjs";
import {
  metReasonsOf,
  troubleshootingRows,
  unknownReasons,
} from "./task/troubleshooting-table.mjs";

const PATH = "docs/guides/troubleshooting.md";
const RENEW = "node scripts/check-troubleshooting.mjs --write";

const reasons = metReasonsOf(await readImage());
const document = readFileSync(join(ROOT, PATH), "utf8");
const renewed = withRows(document, RENEW, troubleshootingRows(reasons));
const problems = unknownReasons(document, reasons).map(
  (name) => `${PATH} names ${name}, which is no reason of the contract`,
);
if (process.argv.includes("--write")) writeFileSync(join(ROOT, PATH), renewed);
else if (renewed !== document) problems.push(`${PATH} is stale: ${RENEW}`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
