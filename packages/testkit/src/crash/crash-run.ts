import { parseArgs } from "node:util";
import { type CrashReport, crashTest } from "./crash-test.js";
import { VIOLATIONS_PRINTED_MAX } from "./limits.js";

const KILLS_DEFAULT = "50";
const EVENTS_DEFAULT = "200000";
const SEED_DEFAULT = "1";

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
}

/** Prints every check with its figures; answers how many hold and how many do not. */
function printChecks(report: CrashReport, eventsLeast: number): { passed: number; failed: number } {
  const { verdict, failures, ackedBySource } = report;
  const checks: [string, readonly string[]][] = [
    ["every acknowledged event is stored", verdict.missing],
    ["every acknowledged event has the offset that was acknowledged", verdict.moved],
    ["each event is stored once per (source, id)", verdict.doubled],
    ["the events of each source are in order", verdict.disordered],
    ["offsets rise", verdict.falling],
    ["the publishers saw no error", failures],
    [
      "every publisher was acknowledged",
      Object.entries(ackedBySource)
        .filter(([, count]) => count === 0)
        .map(([source]) => source),
    ],
    [
      `at least ${eventsLeast} events were acknowledged`,
      verdict.acked >= eventsLeast ? [] : [String(verdict.acked)],
    ],
  ];
  let failed = 0;
  for (const [name, violations] of checks) {
    say(`${violations.length === 0 ? "ok  " : "FAIL"} ${name}`);
    for (const violation of violations.slice(0, VIOLATIONS_PRINTED_MAX)) say(`       ${violation}`);
    if (violations.length > 0) failed += 1;
  }
  return { passed: checks.length - failed, failed };
}

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: KILLS_DEFAULT },
    events: { type: "string", default: EVENTS_DEFAULT },
    seed: { type: "string", default: SEED_DEFAULT },
    python: { type: "string" },
  },
});
const events = wholeNumber("events", values.events);
const startedMs = performance.now();
const report = await crashTest({
  kills: wholeNumber("kills", values.kills),
  events,
  seed: wholeNumber("seed", values.seed),
  python: values.python,
});
const { passed, failed } = printChecks(report, events);
const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
const bySource = Object.entries(report.ackedBySource).map(
  ([source, count]) => `${source} ${count}`,
);
say(
  `${report.kills} SIGKILLs, ${report.verdict.acked} events acknowledged (${bySource.join(", ")}), ` +
    `${report.verdict.read} stored, ${report.tornBytes} torn bytes cut, ${report.rebuilds} indexes rebuilt, ` +
    `seed ${values.seed}, ${seconds} s`,
);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
