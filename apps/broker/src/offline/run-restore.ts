import { resolve } from "node:path";
import { restoreBackup } from "@opendxa/pubsub-engine";
import { openIndexStore } from "@opendxa/pubsub-index-store";
import { NodeDisk } from "@opendxa/pubsub-journal";
import type { LoadedConfig } from "../config/load-config.js";
import { takeDataFolder } from "../data-folder.js";
import { random, timers } from "../engines/open-namespace.js";
import { makeLogger } from "../logger.js";
import { orRefuse } from "./offline-refusal.js";

/**
 * Restores a backup into the data folder, which must be absent or empty, builds the index and
 * proves that the state is that of the backup. Says so on stdout, in one line of JSON.
 *
 * @throws StartError where the backup is none or damaged, or the folder is not empty
 */
export async function runRestore({ config }: LoadedConfig, source: string): Promise<void> {
  const from = resolve(source);
  const log = makeLogger(config.logLevel);
  const { path, lock } = await takeDataFolder(config.data);
  try {
    const { namespaces, brokerVersion } = await orRefuse(path, () =>
      restoreBackup({
        disk: new NodeDisk(),
        from,
        to: path,
        timers,
        random,
        openIndex: (folder) =>
          openIndexStore({
            folder,
            prefer: config.index,
            log: ({ event, engine, message }) => log.warn({ event, engine }, message),
          }),
        log: {
          warn: (message, fields) => log.warn(fields, message),
          info: (message, fields) => log.info(fields, message),
        },
      }),
    );
    const line = {
      event: "restored",
      data: path,
      backup_version: brokerVersion,
      state: "equal",
      namespaces: namespaces.map(({ name, lastSequence, stateSha256 }) => ({
        name,
        last_sequence: String(lastSequence),
        state_sha256: stateSha256,
      })),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  } finally {
    await lock.release();
  }
}
