import type { z } from "zod";
import { ConfigError } from "./config-error.js";
import { readConfigFile } from "./config-file.js";
import { type Config, configSchema } from "./config-schema.js";
import { LayeredValues } from "./layered-values.js";
import { CONFIG_FILE_VARIABLE } from "./settings-list.js";

/** Where a configuration is read from. */
export interface ConfigSources {
  /** Environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Flags by their name without dashes, `config` among them. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

/** A checked configuration. */
export interface LoadedConfig {
  /** It, with every default filled in. */
  readonly config: Config;
  /** Environment variables of the broker's prefix that are no settings: perhaps misspelt. */
  readonly unknownVariables: readonly string[];
}

/**
 * Reads file, environment and flags, each overriding the one before, and checks them through the
 * one schema.
 *
 * @throws ConfigError with one sentence that names the key, the rule and the source
 */
export async function loadConfig({ environment, flags }: ConfigSources): Promise<LoadedConfig> {
  const layers = new LayeredValues();
  const file = flags["config"] ?? environment[CONFIG_FILE_VARIABLE];
  if (file !== undefined) layers.addFile(await readConfigFile(file), file);
  const unknownVariables = layers.addEnvironment(environment);
  layers.addFlags(flags);
  const result = configSchema.safeParse(layers.values);
  if (!result.success) throw describe(result.error.issues, layers);
  checkEndpoints(result.data);
  return { config: result.data, unknownVariables };
}

function describe(issues: readonly z.core.$ZodIssue[], layers: LayeredValues): ConfigError {
  const [issue] = issues;
  if (issue === undefined) return new ConfigError("The configuration is not valid.");
  const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path, ...unknown];
  const key = path.join(".");
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return new ConfigError(
    `The key "${key}" (from ${layers.originOf(path)}) ${issue.message}${more}.`,
    key,
  );
}

function checkEndpoints({ ingress, namespaces }: Config): void {
  const seen = new Set<string>();
  for (const [position, { system, name, namespace }] of ingress.entries()) {
    if (!namespaces.includes(namespace)) {
      const key = `ingress.${position}.namespace`;
      throw new ConfigError(
        `The key "${key}" names "${namespace}", which is not in "namespaces".`,
        key,
      );
    }
    const route = `${system}/${name}`;
    if (seen.has(route)) {
      const key = `ingress.${position}.name`;
      throw new ConfigError(`The key "${key}" repeats the endpoint ${route}.`, key);
    }
    seen.add(route);
  }
}
