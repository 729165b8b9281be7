import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  EXECUTIONS_MAX,
  MEASURE_MS_DEFAULT,
  MEASURE_MS_MAX,
  ROUNDS_DEFAULT,
  ROUNDS_MAX,
} from "./limits.js";
import { checkFolderIsOnDisk, describeMachine } from "./report/machine.js";
import { passes } from "./report/result.js";
import { resultTable } from "./report/table.js";
import type { Scenario } from "./scenario.js";
import { scenarios } from "./scenarios/registry.js";

interface Options {
  readonly rounds: number;
  readonly measureMs: number;
  readonly folder: string;
  readonly count?: number;
  readonly json?: string;
}

/** Runs the scenario that the arguments name; the exit code says whether its requirement holds. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const program = new Command("bench").description("Benchmarks of the broker");
  for (const scenario of scenarios) {
    const command = program.command(scenario.name).description(scenario.summary);
    for (const option of optionsOfEveryScenario()) command.addOption(option);
    command.action((options: Options) => runScenario(scenario, options));
  }
  // An exit ends the broker as well; a signal alone would leave it behind.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

function optionsOfEveryScenario(): Option[] {
  const folder = join(process.cwd(), ".cache", "bench");
  return [
    new Option("--rounds <n>", "measure everything so often; the median counts")
      .argParser(wholeNumber(ROUNDS_MAX))
      .default(ROUNDS_DEFAULT),
    new Option("--measure-ms <n>", "length of one measurement")
      .argParser(wholeNumber(MEASURE_MS_MAX))
      .default(MEASURE_MS_DEFAULT),
    new Option("--folder <path>", "folder on the disk under test").default(folder),
    new Option("--count <n>", "how many things to make, where the scenario makes some").argParser(
      wholeNumber(EXECUTIONS_MAX),
    ),
    new Option("--json <file>", "write result and machine there as well"),
  ];
}

async function runScenario(scenario: Scenario, options: Options): Promise<void> {
  await mkdir(options.folder, { recursive: true });
  await checkFolderIsOnDisk(options.folder);
  const machine = describeMachine();
  const result = await scenario.run({
    folder: options.folder,
    rounds: options.rounds,
    measureMs: options.measureMs,
    count: options.count,
    progress: (line) => console.error(line),
  });
  const isPassed = passes(result);
  const { processor, processors, system, node, load } = machine;
  console.log(`${processor}, ${processors} processors, ${system}, node ${node}, load ${load}`);
  console.log(`${scenario.name}: ${JSON.stringify(result.setting)}\n`);
  console.log(resultTable(result));
  for (const note of result.notes) console.log(`\n${note}`);
  console.log(`\n${scenario.name}: ${isPassed ? "the requirement holds" : "MISSED"}`);
  if (options.json !== undefined) {
    const report = { ...result, isPassed, machine, takenAt: new Date().toISOString() };
    await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  process.exitCode = isPassed ? 0 : 1;
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`must be a whole number of 1 to ${most}`);
  };
}
