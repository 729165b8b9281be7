import { Command, CommanderError } from "commander";
import { ConfigError } from "./config/config-error.js";
import { type LoadedConfig, loadConfig } from "./config/load-config.js";
import { settings } from "./config/settings-list.js";
import { EXIT_CODES, StartError } from "./exit-codes.js";
import { runServe } from "./run-serve.js";
import { version } from "./version.js";

/** Runs the command that the arguments name and sets the exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Only what serves is loaded with the program; every other command brings its own part. */
function program(): Command {
  const command = new Command("opendxa-pubsub")
    .description("The OpenDXA PubSub broker")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const serve = command
    .command("serve", { isDefault: true })
    .description("Serve until SIGTERM or SIGINT")
    .action(async (_options: unknown, self: Command) => await runServe(await configOf(self)));
  const rebuild = command
    .command("index")
    .description("Care for the index of a data folder that no broker uses")
    .command("rebuild")
    .description("Build the index anew from checkpoint and journal; nothing is lost")
    .action(async (_options: unknown, self: Command) => {
      const { runRebuildIndex } = await import("./rebuild-index.js");
      await runRebuildIndex(await configOf(self));
    });
  const backup = command
    .command("backup")
    .description("Back the data folder up, whether or not a broker runs on it")
    .requiredOption("--to <folder>", "new folder of the backup")
    .action(async (_options: unknown, self: Command) => {
      const { runBackup } = await import("./offline/run-backup.js");
      await runBackup(await configOf(self), ownOption(self, "to"));
    });
  const restore = command
    .command("restore")
    .description("Restore a backup into a new data folder and prove it")
    .requiredOption("--from <folder>", "folder of the backup")
    .action(async (_options: unknown, self: Command) => {
      const { runRestore } = await import("./offline/run-restore.js");
      await runRestore(await configOf(self), ownOption(self, "from"));
    });
  const verify = command
    .command("verify")
    .description("Read every byte of a data folder that no broker uses, and name what is wrong")
    .action(async (_options: unknown, self: Command) => {
      const { runVerify } = await import("./offline/run-verify.js");
      await runVerify(await configOf(self));
    });
  const repair = command
    .command("repair")
    .description("Save what is sound of a damaged data folder into a new one")
    .requiredOption("--to <folder>", "new data folder")
    .action(async (_options: unknown, self: Command) => {
      const { runRepair } = await import("./offline/run-repair.js");
      await runRepair(await configOf(self), ownOption(self, "to"));
    });
  for (const each of [serve, rebuild, backup, restore, verify, repair]) addFlags(each);
  return command;
}

/** Every command takes the same flags, so that a refused `serve` is turned into another by its name. */
function addFlags(command: Command): void {
  command.option("--config <file>", "YAML file with the configuration");
  for (const { flag, description, standard } of settings) {
    if (flag === undefined) continue;
    command.option(`--${flag} <value>`, `${description} (default ${standard})`);
  }
}

async function configOf(command: Command): Promise<LoadedConfig> {
  return await loadConfig({ environment: process.env, flags: flagsOf(command) });
}

/** An option of one command, which is no setting. */
function ownOption(command: Command, name: string): string {
  return String(command.getOptionValue(name));
}

/** Flags by their name without dashes; commander turns them into camelCase. */
function flagsOf(command: Command): Record<string, string | undefined> {
  return Object.fromEntries(
    command.options
      .filter((option) => !option.mandatory)
      .map((option) => [
        option.long?.slice(2) ?? "",
        command.getOptionValue(option.attributeName()) as string | undefined,
      ]),
  );
}

/** One sentence on stderr, and the exit code that goes with it. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return reportUsage(error);
  if (error instanceof ConfigError) return say(error.message, EXIT_CODES.BAD_CONFIG);
  if (error instanceof StartError) return say(error.message, error.exitCode);
  process.stderr.write(
    `opendxa-pubsub: a fault: ${error instanceof Error ? error.stack : error}\n`,
  );
  return EXIT_CODES.FAULT;
}

function reportUsage({ code, exitCode, message }: CommanderError): number {
  if (exitCode === EXIT_CODES.OK) return EXIT_CODES.OK;
  // Half a command: its help was printed.
  if (code === "commander.help") return EXIT_CODES.BAD_CONFIG;
  if (code === "commander.excessArguments") {
    return say(
      'There is no such command; "opendxa-pubsub --help" lists them.',
      EXIT_CODES.BAD_CONFIG,
    );
  }
  // Commander puts its suggestion on a line of its own.
  const sentence = message.replace(/^error: /, "").replaceAll("\n", " ");
  return say(sentence, EXIT_CODES.BAD_CONFIG);
}

function say(sentence: string, exitCode: number): number {
  process.stderr.write(`opendxa-pubsub: ${sentence}\n`);
  return exitCode;
}
