import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { removeIndexStore } from "@opendxa/pubsub-index-store";
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
    const engines = await openEngines(config, path, makeLogger(config.logLevel));
    for (const [namespace, engine] of engines) {
      const { indexEngine, rebuilt } = engine.info;
      await engine.close();
      const line = { event: "index_rebuilt", namespace, index: indexEngine, because: rebuilt };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
  } finally {
    await lock.release();
  }
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
