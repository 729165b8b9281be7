// Plants one bug at a time and demands that the test that is named for it fails: `npm run mutants`.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bugs } from "./mutants/bugs.mjs";

const ROOT = join(import.meta.dirname, "..");
/** Longest that one run of a test may take, in milliseconds; a bug that makes it hang is caught too. */
const RUN_MS_MAX = 180_000;
const asked = process.argv.slice(2);

function hasNamedTest({ caughtBy: { name } }) {
  return typeof name === "string" && name.trim() !== "";
}

/** Runs a test file, of it only the tests of that name; answers whether it passed and how it ended. */
function runTest({ package: folder, test, name }, bug) {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [join(ROOT, "node_modules", "vitest", "vitest.mjs"), "run", test, "-t", name, "--bail", "1"],
      {
        cwd: join(ROOT, folder),
        env: { ...process.env, ...(bug === undefined ? {} : { PLANTED_BUG: JSON.stringify(bug) }) },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text) => (output += text));
    const timer = setTimeout(() => child.kill("SIGKILL"), RUN_MS_MAX);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, isHanging: signal === "SIGKILL", output });
    });
  });
}

/** A run in which no test ran, or which never came to the tests, proves nothing. */
function verdictOf({ code, isHanging, output }) {
  if (isHanging) return "hangs";
  if (output.includes("does not hold exactly once")) return "the source has changed";
  if (code === 0) return /Tests\s.*\d+ passed/.test(output) ? "passes" : "no test of that name ran";
  return /\d+ failed/.test(output) && /Tests\s/.test(output) ? "fails" : "does not run";
}

async function checkBug(bug) {
  if (!hasNamedTest(bug)) return "names no test: a whole file may fail for another reason";
  const source = await readFile(join(ROOT, bug.file), "utf8");
  const places = source.split(bug.from).length - 1;
  if (places !== 1) return `${bug.file} holds the text ${places} times: ${bug.from}`;
  const planted = verdictOf(await runTest(bug.caughtBy, bug));
  if (planted === "fails" || planted === "hangs") return undefined;
  return `${bug.caughtBy.test} "${bug.caughtBy.name}": with the bug the test ${planted}`;
}

const chosen = bugs.filter(({ id }) => asked.length === 0 || asked.includes(id));
let failed = 0;
let passed = 0;
const say = (isRight, line) => {
  console.log(`${isRight ? "ok    " : "FAILED"}  ${line}`);
  if (isRight) passed += 1;
  else failed += 1;
};

const tests = new Map(
  chosen
    .filter(hasNamedTest)
    .map(({ caughtBy }) => [[caughtBy.package, caughtBy.test, caughtBy.name].join(" "), caughtBy]),
);
for (const [name, test] of tests) {
  const verdict = verdictOf(await runTest(test));
  say(verdict === "passes", `without a bug: ${name}${verdict === "passes" ? "" : `: ${verdict}`}`);
}
for (const bug of chosen) {
  const fault = await checkBug(bug);
  say(fault === undefined, `${bug.id}: ${bug.what}${fault === undefined ? "" : `: ${fault}`}`);
}
if (chosen.length === 0)
  say(false, `no bug of that name; there are ${bugs.map(({ id }) => id).join(", ")}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
