import { join } from "node:path";
import type { Engine } from "@opendxa/pubsub-engine";
import { IndexStoreError } from "@opendxa/pubsub-index-store";
import { JournalError } from "@opendxa/pubsub-journal";
import type { Logger } from "pino";
import type { Config } from "../config/config-schema.js";
import { EXIT_CODES, StartError } from "../exit-codes.js";
import { openNamespace } from "./open-namespace.js";

/** Opens the engine of each namespace, in order; when one cannot be opened, the others are closed. */
export async function openEngines(
  config: Config,
  dataFolder: string,
  log: Logger,
): Promise<ReadonlyMap<string, Engine>> {
  const engines = new Map<string, Engine>();
  const { index, journal, clockConfirmed, limits } = config;
  const { retentionMsMax, diskReserveBytes } = limits;
  const settings = { index, journal, clockConfirmed, retentionMsMax, diskReserveBytes };
  for (const namespace of config.namespaces) {
    try {
      const folder = join(dataFolder, namespace);
      engines.set(namespace, await openNamespace(folder, settings, log.child({ namespace })));
    } catch (error) {
      await Promise.all([...engines.values()].map((engine) => engine.close()));
      throw refusal(namespace, error);
    }
  }
  return engines;
}

/** A fault stays one; what journal and index refuse by their own words is the operator's to solve. */
function refusal(namespace: string, error: unknown): unknown {
  const isTyped = error instanceof JournalError || error instanceof IndexStoreError;
  if (!isTyped) return error;
  const isDamage = error instanceof JournalError && error.reason === "corrupt";
  const advice = isDamage
    ? '; "opendxa-pubsub verify" names every fault, "opendxa-pubsub repair --to <new folder>" saves what is sound.'
    : "";
  const message = `The namespace "${namespace}" cannot be opened: ${error.message}${advice}`;
  return new StartError(EXIT_CODES.DATA_REFUSED, message, error);
}
