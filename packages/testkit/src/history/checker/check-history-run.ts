import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkHistory } from "./check-history.js";
import { sayVerdict } from "./say-verdict.js";

const given = process.argv.slice(2);
const paths = given.flatMap((path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => name.endsWith(".jsonl"))
        .sort()
        .map((name) => join(path, name))
    : [path],
);
if (paths.length === 0) {
  process.stderr.write(
    "usage: npm run check-history -- FILE...   (a folder stands for its *.jsonl)\n",
  );
  process.exit(2);
}
const failed = sayVerdict(await checkHistory(paths), (line) => process.stdout.write(`${line}\n`));
process.exitCode = failed === 0 ? 0 : 1;
