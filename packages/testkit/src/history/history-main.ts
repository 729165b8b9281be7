import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkHistory } from "./checker/check-history.js";
import { sayVerdict } from "./checker/say-verdict.js";
import { historyRun, leastOf } from "./history-run.js";

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    python: { type: "string" },
    out: { type: "string" },
  },
});
const { python, out } = values;
const seconds = wholeNumber("seconds", values.seconds);
if (out !== undefined && existsSync(out) && readdirSync(out).length > 0) {
  throw new Error(`--out ${out} is not empty`);
}
const folder = out ?? (await mkdtemp(join(tmpdir(), "opendxa-pubsub-history-")));
const seed = wholeNumber("seed", values.seed);
const failures = await historyRun({ durationMs: seconds * 1_000, seed, folder, python });
const paths = readdirSync(folder).map((name) => join(folder, name));
const verdict = await checkHistory(paths);
for (const name of ["acked", "brokerKills", "clientKills"] as const) {
  const least = leastOf(name, seconds * 1_000);
  if (verdict.figures[name] >= least) continue;
  failures.push(
    `${name} ${verdict.figures[name]}, at least ${least} must be: too little to prove anything`,
  );
}
const lines: string[] = [];
const broken = sayVerdict(verdict, (line) => lines.push(line));
for (const line of lines.slice(0, -1)) say(line);
for (const failure of failures) say(`FAIL ${failure}`);
say(
  `seed ${seed}, ${seconds} s under kills; histories ${broken + failures.length > 0 || out ? `in ${folder}` : "removed"}`,
);
const [passed] = (lines.at(-1) as string).split(" ");
say(
  `${Number(passed) + Number(failures.length === 0)} passed, ${broken + Number(failures.length > 0)} failed`,
);
if (broken + failures.length === 0 && out === undefined) await rm(folder, { recursive: true });
process.exitCode = broken + failures.length === 0 ? 0 : 1;
