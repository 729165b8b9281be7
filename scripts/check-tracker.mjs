// Every box of the checklist has its row in docs/tracker.md, and every box marked done a proof that exists.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./task/paths.mjs";
import { checklistBoxes, trackerProblems, trackerRows } from "./task/tracker-table.mjs";

const problems = trackerProblems({
  boxes: checklistBoxes(readFileSync(join(ROOT, "scripts", "checklist.md"), "utf8")),
  rows: trackerRows(readFileSync(join(ROOT, "docs", "tracker.md"), "utf8")),
  exists: (path) => existsSync(join(ROOT, path)),
});
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
