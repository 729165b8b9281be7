// Every leg of `npm run test:real` has its row of minutes, and all of them fit into CI. `--write` renews the rows.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REAL_LEGS_MINUTES_MAX } from "./task/limits.mjs";
import { withRows } from "./task/marked-rows.mjs";
import { minutesRows } from "./task/minutes-table.mjs";
import { ROOT } from "./task/paths.mjs";
import { realLegs, unregisteredPrograms } from "./task/real-legs.mjs";

const PATH = "docs/internals/ci-minutes.md";
const RENEW = "node scripts/check-ci-minutes.mjs --write";

const legs = realLegs();
const document = readFileSync(join(ROOT, PATH), "utf8");
const renewed = withRows(document, RENEW, minutesRows(legs));
const problems = unregisteredPrograms().map(
  (path) => `${path} has no row in scripts/task/real-legs.mjs`,
);
const sum = legs.reduce((minutes, leg) => minutes + leg.minutes, 0);
if (sum > REAL_LEGS_MINUTES_MAX)
  problems.push(`the legs take ${sum} minutes, more than ${REAL_LEGS_MINUTES_MAX}`);
if (process.argv.includes("--write")) writeFileSync(join(ROOT, PATH), renewed);
else if (renewed !== document) problems.push(`${PATH} is stale: ${RENEW}`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
