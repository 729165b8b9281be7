import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { NodeDisk, readJournalKind } from "@opendxa/pubsub-journal";
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

/**
 * One whose segments are all gone is damaged, which is for the command to say.
 *
 * @throws StartError where a journal is kept in LevelDB instead of segment files
 */
export async function requireSegments(
  data: string,
  namespaces: readonly string[],
  verb: string,
): Promise<void> {
  const disk = new NodeDisk();
  for (const name of namespaces) {
    const folder = join(data, name, "journal");
    // What cannot be read is damaged, too.
    const found = await readJournalKind(disk, folder).catch(() => undefined);
    if (found?.kind !== "level") continue;
    const message =
      `The journal in ${folder} is kept in LevelDB, not in segment files, and cannot be ${verb} by this command: ` +
      "stop the broker and copy the data folder.";
    throw new StartError(EXIT_CODES.DATA_REFUSED, message);
  }
}
