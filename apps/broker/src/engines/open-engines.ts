import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Engine, openEngine } from "@opendxa/pubsub-engine";
import { IndexStoreError } from "@opendxa/pubsub-index-store";
import { JournalError, NodeDisk } from "@opendxa/pubsub-journal";
import type { Logger } from "pino";
import type { Config } from "../config/config-schema.js";
import { EXIT_CODES, StartError } from "../exit-codes.js";

/** Opens the engine of each namespace, in order; when one cannot be opened, the others are closed. */
export async function openEngines(
  config: Config,
  dataFolder: string,
  log: Logger,
): Promise<ReadonlyMap<string, Engine>> {
  const engines = new Map<string, Engine>();
  try {
    for (const namespace of config.namespaces) {
      engines.set(namespace, await open(config, { dataFolder, namespace, log }));
    }
    return engines;
  } catch (error) {
    await Promise.all([...engines.values()].map((engine) => engine.close()));
    throw refusal(error);
  }
}
