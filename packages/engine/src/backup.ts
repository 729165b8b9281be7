import { ensureFolder } from "@opendxa/pubsub-journal";
import { BackupError } from "./backup-error.js";
import { type BackupManifest, type NamespaceManifest, writeManifest } from "./backup-manifest.js";
import type { Clock } from "./environment.js";
import { type BackupParts, backupNamespace } from "./namespace-backup.js";

/** What is backed up, and where to. */
export interface MakeBackupOptions extends BackupParts {
  /** The data folder; a broker may be running on it. */
  readonly from: string;
  /** Folder of the backup: absent or empty. */
  readonly to: string;
  /** Namespaces, each a folder with a journal below the data folder. */
  readonly namespaces: readonly string[];
  /** Tells when it was complete. */
  readonly clock: Pick<Clock, "now">;
  /** Version of the broker. */
  readonly brokerVersion: string;
}

/**
 * Makes a backup of a data folder, online or not. Everything that was acknowledged before the call
 * is in it. It is durable when this resolves; until then, and after an error, the folder has no
 * manifest and is no backup.
 *
 * Throws BackupError, JournalError, and the disk's errors.
 */
export async function makeBackup(options: MakeBackupOptions): Promise<BackupManifest> {
  const { disk, from, to, clock, brokerVersion } = options;
  if ((await disk.exists(to)) && (await disk.readdir(to)).length > 0) {
    const message = `The folder ${to} is not empty: a backup goes into a new one.`;
    throw new BackupError("target_not_empty", message);
  }
  await ensureFolder(disk, to);
  const namespaces: NamespaceManifest[] = [];
  for (const name of options.namespaces) {
    const place = { name, from: `${from}/${name}`, to: `${to}/${name}` };
    namespaces.push(await backupNamespace(options, place));
  }
  const manifest = { brokerVersion, timeUnixMs: clock.now(), namespaces };
  await writeManifest(disk, to, manifest);
  return manifest;
}
