import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { removeIndexStore } from "@opendxa/pubsub-index-store";
import { type JournalKind, NodeDisk, readJournalKind } from "@opendxa/pubsub-journal";
import type { Config } from "./config/config-schema.js";
import type { LoadedConfig } from "./config/load-config.js";
import { takeDataFolder } from "./data-folder.js";
import { openEngines } from "./engines/open-engines.js";
import { EXIT_CODES, StartError } from "./exit-codes.js";
import { makeLogger } from "./logger.js";

/**
 * Throws the index of each namespace away and builds it anew from checkpoint and journal, with the
 * engine that the configuration chooses. Says what it did on stdout, a line of JSON a namespace.
 *
 * @throws StartError where there is nothing to rebuild, a broker runs on the folder, or data is damaged
 */
export async function runRebuildIndex({ config }: LoadedConfig): Promise<void> {
  requireJournals(config);
  const { path, lock } = await takeDataFolder(config.data);
  try {
    for (const namespace of config.namespaces) {
      await removeIndexStore(join(path, namespace, "index"));
    }
    for (const namespace of config.namespaces) await rebuild(config, path, namespace);
  } finally {
    await lock.release();
  }
}

async function rebuild(config: Config, path: string, namespace: string): Promise<void> {
  const journal = await kindOf(join(path, namespace, "journal"), config.journal);
  const only = { ...config, journal, namespaces: [namespace] };
  const engines = await openEngines(only, path, makeLogger(config.logLevel));
  for (const engine of engines.values()) {
    const { indexEngine, rebuilt } = engine.info;
    await engine.close();
    const line = { event: "index_rebuilt", namespace, index: indexEngine, because: rebuilt };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/** The kind of the journal that is there: what a new one would be is no matter here. */
async function kindOf(folder: string, otherwise: JournalKind): Promise<JournalKind> {
  // What is damaged is for the opening to say.
  const stored = await readJournalKind(new NodeDisk(), folder).catch(() => undefined);
  return stored?.kind ?? otherwise;
}

/** A mistyped folder must not be made, filled with an empty journal and called rebuilt. */
function requireJournals({ data, namespaces }: Config): void {
  for (const namespace of namespaces) {
    if (existsSync(join(resolve(data), namespace, "journal"))) continue;
    const message =
      `The data folder ${resolve(data)} holds no journal of the namespace "${namespace}": ` +
      "name the folder with --data, and its namespaces with --namespaces.";
    throw new StartError(EXIT_CODES.BAD_CONFIG, message);
  }
}
