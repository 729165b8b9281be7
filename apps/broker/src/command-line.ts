import { Command, CommanderError } from "commander";
import { ConfigError } from "./config/config-error.js";
import { loadConfig } from "./config/load-config.js";
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

function program(): Command {
  const command = new Command("opendxa-pubsub")
    .description("The OpenDXA PubSub broker")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const serve = command
    .command("serve", { isDefault: true })
    .description("Serve until SIGTERM or SIGINT")
    .option("--config <file>", "YAML file with the configuration")
    .action(async (_options: unknown, self: Command) => {
      await runServe(loadConfig({ environment: process.env, flags: flagsOf(self) }));
    });
  for (const { flag, description, standard } of settings) {
    if (flag === undefined) continue;
    serve.option(`--${flag} <value>`, `${description} (default ${standard})`);
  }
  return command;
}

/** Flags by their name without dashes; commander turns them into camelCase. */
function flagsOf(command: Command): Record<string, string | undefined> {
  return Object.fromEntries(
    command.options.map((option) => [
      option.long?.slice(2) ?? "",
      command.getOptionValue(option.attributeName()) as string | undefined,
    ]),
  );
}

/** One sentence on stderr, and the exit code that goes with it. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === EXIT_CODES.OK) return EXIT_CODES.OK;
    return say(error.message.replace(/^error: /, ""), EXIT_CODES.BAD_CONFIG);
  }
  if (error instanceof ConfigError) return say(error.message, EXIT_CODES.BAD_CONFIG);
  if (error instanceof StartError) return say(error.message, error.exitCode);
  process.stderr.write(
    `opendxa-pubsub: a fault: ${error instanceof Error ? error.stack : error}\n`,
  );
  return EXIT_CODES.FAULT;
}

function say(sentence: string, exitCode: number): number {
  process.stderr.write(`opendxa-pubsub: ${sentence}\n`);
  return exitCode;
}
