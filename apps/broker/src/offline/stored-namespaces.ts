import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EXIT_CODES, StartError } from "../exit-codes.js";

/**
 * The namespaces that a data folder holds, whatever the configuration names: an offline command
 * that left one out would look as if all were well.
 *
 * @throws StartError where there is none
 */
export function storedNamespaces(data: string): readonly string[] {
  const folders = existsSync(data) ? readdirSync(data) : [];
  const names = folders.filter((name) => existsSync(join(data, name, "journal"))).sort();
  if (names.length > 0) return names;
  const message = `The data folder ${data} holds no journal: name the folder with --data.`;
  throw new StartError(EXIT_CODES.BAD_CONFIG, message);
}
