import { resolve } from "node:path";
import { type BackupManifest, makeBackup } from "@opendxa/pubsub-engine";
import { FolderLock, JournalError, NodeDisk, type Quietly } from "@opendxa/pubsub-journal";
import type { LoadedConfig } from "../config/load-config.js";
import { random, timers } from "../engines/open-namespace.js";
import { makeLogger } from "../logger.js";
import { version } from "../version.js";
import { orRefuse } from "./offline-refusal.js";
import { storedNamespaces } from "./stored-namespaces.js";
import { withTemporaryIndex } from "./temporary-index.js";

/**
 * Backs the data folder up into a new folder, whether or not a broker runs on it. Says what is in
 * the backup on stdout, in one line of JSON, once all of it is durable.
 *
 * @throws StartError where there is nothing to back up, the folder is not empty, or data is damaged
 */
export async function runBackup({ config }: LoadedConfig, target: string): Promise<void> {
  const from = resolve(config.data);
  const to = resolve(target);
  const namespaces = storedNamespaces(from);
  const log = makeLogger(config.logLevel);
  const manifest = await orRefuse(to, () =>
    makeBackup({
      disk: new NodeDisk(),
      from,
      to,
      namespaces,
      timers,
      random,
      clock: { now: Date.now },
      brokerVersion: version,
      quietly: quietlyIn(from),
      withIndex: (use) => withTemporaryIndex(config.index, use),
      log: {
        warn: (message, fields) => log.warn(fields, message),
        info: (message, fields) => log.info(fields, message),
      },
    }),
  );
  process.stdout.write(`${JSON.stringify(lineOf(manifest, to))}\n`);
}

function lineOf({ namespaces, brokerVersion }: BackupManifest, to: string) {
  return {
    event: "backed_up",
    to,
    version: brokerVersion,
    namespaces: namespaces.map(({ name, firstSequence, lastSequence, stateSha256, files }) => ({
      name,
      first_sequence: String(firstSequence),
      last_sequence: String(lastSequence),
      state_sha256: stateSha256,
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    })),
  };
}

/** Nobody writes while this process holds the lock; it is held for one copy of the newest segment. */
function quietlyIn(data: string): Quietly {
  return async (run) => {
    let lock: FolderLock;
    try {
      lock = await FolderLock.acquire(data);
    } catch (error) {
      if (error instanceof JournalError && error.reason === "locked") return await run(false);
      throw error;
    }
    try {
      return await run(true);
    } finally {
      await lock.release();
    }
  };
}
