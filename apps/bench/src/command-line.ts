import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  EXECUTIONS_MAX,
  MEASURE_MS_DEFAULT,
  MEASURE_MS_MAX,
  ROUNDS_DEFAULT,
  ROUNDS_MAX,
} from "./limits.js";
import { compareReports, comparisonTable } from "./report/compare.js";
import { readReport } from "./report/read-report.js";
import { type RunOptions, runScenario } from "./run-scenario.js";
import { scenarios } from "./scenarios/registry.js";

/** Does what the arguments name; the exit code says whether every requirement holds. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const program = new Command("bench").description("Benchmarks of the broker");
  for (const scenario of scenarios) {
    const command = program.command(scenario.name).description(scenario.summary);
    for (const option of optionsOfEveryScenario()) command.addOption(option);
    command.action((options: RunOptions) => runScenario(scenario, options));
  }
  program
    .command("compare")
    .description("sets two files of --json side by side, figure by figure")
    .argument("<first>", "the one to compare with")
    .argument("<second>", "the one that is compared")
    .action(compare);
  // An exit ends every child and removes the folders as well; a signal alone would leave them behind.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

async function compare(firstPath: string, secondPath: string): Promise<void> {
  const [first, second] = [await readReport(firstPath), await readReport(secondPath)];
  for (const [name, { scenario, commit, takenAt, machine, isQuick }] of [
    ["first", first],
    ["second", second],
  ] as const) {
    const load = `load ${machine.load.before} to ${machine.load.after}`;
    const quick = isQuick ? ", quick: its figures say nothing" : "";
    console.log(`${name}: ${scenario} of ${takenAt}, commit ${commit}, ${load}${quick}`);
  }
  console.log(`\n${comparisonTable(compareReports(first, second))}`);
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
    new Option("--only <parts>", "parts of the scenario, parted by commas")
      .argParser((text) => text.split(","))
      .default([], "all"),
    new Option("--quick", "sizes of a smoke test: shows that it runs, measures nothing").default(
      false,
    ),
    new Option("--json <file>", "write result, ceilings and machine there as well"),
  ];
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`must be a whole number of 1 to ${most}`);
  };
}
