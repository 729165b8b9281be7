import { readFileSync, statSync } from "node:fs";
import { BROKER_LIMITS } from "../limits.js";
import { ConfigError } from "./config-error.js";
import type { RawValues } from "./layered-values.js";

/** Reads a YAML file to a map. @throws ConfigError when it is missing, too large or no such map */
export async function readConfigFile(file: string): Promise<RawValues> {
  const text = readBoundedText(file, BROKER_LIMITS.configFileBytesMax);
  // Most of a start's configuration comes without a file, and so without YAML.
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: true,
  });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new ConfigError(`The configuration file ${file} is not YAML: ${error.message}.`);
  }
  const content: unknown = document.toJS({ maxAliasCount: 0 });
  if (content === null) return {};
  if (typeof content !== "object" || Array.isArray(content)) {
    throw new ConfigError(`The configuration file ${file} must hold a map of keys to values.`);
  }
  return content as RawValues;
}

/** Reads a small text file. @throws ConfigError naming the file, never its content */
export function readBoundedText(file: string, bytesMax: number): string {
  try {
    const { size } = statSync(file);
    if (size > bytesMax) {
      throw new ConfigError(`The file ${file} has ${size} bytes; at most ${bytesMax} are read.`);
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ConfigError(`The file ${file} cannot be read (${code}).`);
  }
}
