import { mkdir, writeFile } from "node:fs/promises";
import { endOwned } from "./processes/owned-processes.js";
import { measuredCommit } from "./report/commit.js";
import { checkFolderIsOnDisk } from "./report/file-system.js";
import { describeMachine, loadNow } from "./report/machine.js";
import { type Report, reportOf } from "./report/report.js";
import { resultTable } from "./report/table.js";
import type { Scenario } from "./scenario.js";
import { withTimeLimit } from "./time-limit.js";

/** What the command line says of a run. */
export interface RunOptions {
  /** Rounds. */
  readonly rounds: number;
  /** Length of one measurement in milliseconds. */
  readonly measureMs: number;
  /** Folder on the disk under test. */
  readonly folder: string;
  /** How many things to make. */
  readonly count?: number;
  /** Parts of the scenario. */
  readonly only: readonly string[];
  /** Sizes of a smoke test. */
  readonly quick: boolean;
  /** File for the report. */
  readonly json?: string;
}

/** Runs a scenario within its limit, shows and writes what it measured, and sets the exit code. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<void> {
  await mkdir(options.folder, { recursive: true });
  await checkFolderIsOnDisk(options.folder);
  const loadBefore = loadNow();
  const run = () =>
    scenario.run({
      folder: options.folder,
      rounds: options.quick ? 1 : options.rounds,
      measureMs: options.measureMs,
      count: options.count,
      isQuick: options.quick,
      only: options.only,
      progress: (line) => console.error(line),
    });
  const result = await withTimeLimit(scenario.name, scenario.limitMs, run).finally(endOwned);
  const report = reportOf(result, {
    isQuick: options.quick,
    machine: await describeMachine(options.folder, loadBefore),
    commit: await measuredCommit(),
    takenAt: new Date().toISOString(),
  });
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  console.log(headOf(report));
  console.log(resultTable(result));
  for (const note of result.notes) console.log(`\n${note}`);
  console.log(`\n${scenario.name}: ${conclusion(report)}`);
  process.exitCode = report.isPassed ? 0 : 1;
}

function headOf({ machine, commit, scenario, setting }: Report): string {
  const { processor, processors, system, node, fileSystem, load } = machine;
  const loads = `load ${load.before} to ${load.after}`;
  const where = `${processor}, ${processors} processors, ${system}, node ${node}, ${fileSystem}`;
  return `${where}, ${loads}\ncommit ${commit}\n${scenario}: ${JSON.stringify(setting)}\n`;
}

function conclusion({ figures, isPassed, isQuick }: Report): string {
  const namesOf = (verdict: string) =>
    figures
      .filter((figure) => figure.verdict === verdict)
      .map(({ group, name }) => (group === "" ? name : `${group}: ${name}`));
  const skipped = namesOf("skipped");
  const said = [
    isPassed ? "every requirement that was measured holds" : "NOT EVERY REQUIREMENT HOLDS",
    ...[...namesOf("missed"), ...namesOf("failed")].map((name) => `  missed: ${name}`),
    ...skipped.map((name) => `  SKIPPED: ${name}`),
  ];
  if (isQuick) said.push("  quick: sizes of a smoke test, these figures say nothing");
  return said.join("\n");
}
