import { parseArgs } from "node:util";
import { type CrashCheck, crashChecks } from "./crash-checks.js";
import type { CrashMinimums } from "./crash-minimums.js";
import { crashTest } from "./crash-test.js";
import {
  EVENTS_OF_PUBLISHER_LEAST,
  LEVEL_LEG_MINIMUMS,
  REAL_LEG_MINIMUMS,
  VIOLATIONS_PRINTED_MAX,
} from "./limits.js";

interface CrashRun {
  readonly journal: "segments" | "level";
  readonly minimums: CrashMinimums;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
}

/** The real leg's minimums are its own: no option lowers them. */
function runsOf({ real, kills, events, python, journal }: typeof values): CrashRun[] {
  if (real) {
    return [
      { journal: "segments", minimums: REAL_LEG_MINIMUMS },
      { journal: "level", minimums: LEVEL_LEG_MINIMUMS },
    ];
  }
  if (journal !== "segments" && journal !== "level") {
    throw new Error("--journal must be segments or level");
  }
  const least = EVENTS_OF_PUBLISHER_LEAST;
  const minimums = {
    kills: wholeNumber("kills", kills),
    events: wholeNumber("events", events),
    eventsOfPublisher: least,
    eventsOfLanguage: { typescript: least, ...(python === undefined ? {} : { python: least }) },
  };
  return [{ journal, minimums }];
}

/** Prints every check with what violates it; answers how many do not hold. */
function printChecks(checks: readonly CrashCheck[]): number {
  for (const { name, violations } of checks) {
    say(`${violations.length === 0 ? "ok  " : "FAIL"} ${name}`);
    for (const violation of violations.slice(0, VIOLATIONS_PRINTED_MAX)) say(`       ${violation}`);
  }
  return checks.filter(({ violations }) => violations.length > 0).length;
}

const { values } = parseArgs({
  options: {
    real: { type: "boolean", default: false },
    kills: { type: "string", default: "5" },
    events: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    python: { type: "string" },
    journal: { type: "string", default: "segments" },
  },
});
let passed = 0;
let failed = 0;
for (const { journal, minimums } of runsOf(values)) {
  const startedMs = performance.now();
  const seed = wholeNumber("seed", values.seed);
  const report = await crashTest({ minimums, seed, journal, python: values.python });
  const checks = crashChecks(report, minimums);
  const broken = printChecks(checks);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const bySource = report.publishers.map(({ source, acked }) => `${source} ${acked}`);
  say(
    `${report.kills} SIGKILLs, journal ${journal}, ${report.verdict.acked} events acknowledged ` +
      `(${bySource.join(", ")}), ${report.verdict.read} stored, ${report.tornBytes} torn bytes cut, ` +
      `${report.rebuilds} indexes rebuilt, seed ${seed}, ${seconds} s`,
  );
  passed += checks.length - broken;
  failed += broken;
}
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
