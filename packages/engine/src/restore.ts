import type { IndexStore } from "@opendxa/pubsub-index-store";
import {
  copyFile,
  type Disk,
  ensureFolder,
  hashFile,
  type Random,
  type Timers,
} from "@opendxa/pubsub-journal";
import { BackupError } from "./backup-error.js";
import {
  type BackupFile,
  type BackupManifest,
  type NamespaceManifest,
  readManifest,
} from "./backup-manifest.js";
import type { EngineLog } from "./environment.js";
import { prepareIndex } from "./recovery.js";
import { replayTail, stateHash } from "./replayed-state.js";
import { withStoredNamespace } from "./stored-namespace.js";
import { fillFolder, requireEmpty } from "./unfinished-folder.js";

/** What is restored, and where to. */
export interface RestoreBackupOptions {
  /** The file system of both folders. */
  readonly disk: Disk;
  /** The backup. */
  readonly from: string;
  /** The data folder: absent or empty, and locked by the caller. */
  readonly to: string;
  /** Timers of the journals that are opened. */
  readonly timers: Timers;
  /** Source of salts. */
  readonly random: Random;
  /** Opens the index in a folder. */
  readonly openIndex: (folder: string) => Promise<IndexStore>;
  /** Receives what an operator should know. */
  readonly log: EngineLog;
}

/**
 * Restores a backup into a new data folder: checks every byte of it before anything is written,
 * copies, builds each index, and compares the state with that of the backup. A broker goes on from
 * there. All is durable when this resolves; until then, and after an error, the folder holds
 * `restore.unfinished`, and nobody must serve it.
 *
 * Throws BackupError `no_backup`, `damaged` or `target_not_empty`; JournalError and the disk's errors.
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<BackupManifest> {
  const { disk, from, to } = options;
  const manifest = await readManifest(disk, from);
  await requireEmpty(disk, to);
  for (const { name, files } of manifest.namespaces) {
    for (const file of files) await check(disk, `${from}/${name}`, file);
  }
  await fillFolder(disk, to, async () => {
    for (const namespace of manifest.namespaces) await copyNamespace(options, namespace);
    for (const namespace of manifest.namespaces) await rebuild(options, namespace);
  });
  return manifest;
}

async function check(disk: Disk, folder: string, file: BackupFile): Promise<void> {
  const path = `${folder}/${file.path}`;
  if (!(await disk.exists(path))) throw damaged(path, "is missing");
  const { bytes, sha256 } = await hashFile(disk, path);
  if (bytes !== file.bytes) throw damaged(path, `has ${bytes} bytes and should have ${file.bytes}`);
  if (sha256 !== file.sha256) throw damaged(path, "has another SHA-256 than when it was written");
}

async function copyNamespace(
  { disk, from, to }: RestoreBackupOptions,
  { name, files }: NamespaceManifest,
): Promise<void> {
  const below = files.map(({ path }) => path.slice(0, path.lastIndexOf("/")));
  const folders = [...new Set(["journal", "checkpoints", ...below])].map(
    (folder) => `${to}/${name}/${folder}`,
  );
  for (const folder of folders) await ensureFolder(disk, folder);
  for (const file of files) {
    const source = `${from}/${name}/${file.path}`;
    const { sha256 } = await copyFile(disk, source, `${to}/${name}/${file.path}`);
    if (sha256 !== file.sha256) throw damaged(source, "changed while it was copied");
  }
  for (const folder of folders) await disk.syncDirectory(folder);
}

async function rebuild(options: RestoreBackupOptions, expected: NamespaceManifest): Promise<void> {
  const { to, openIndex, log } = options;
  const folder = `${to}/${expected.name}`;
  const isEqual = await withStoredNamespace(options, folder, async (stored) => {
    const index = await openIndex(`${folder}/index`);
    try {
      const parts = { ...stored, index, log };
      const { applied } = await prepareIndex(parts);
      await replayTail(parts, applied);
      await index.flush();
      const found = await stateHash(index);
      const { lastSequence } = stored.journal;
      return found === expected.stateSha256 && lastSequence === expected.lastSequence;
    } finally {
      await index.close();
    }
  });
  if (isEqual) return;
  throw new BackupError(
    "damaged",
    `The state of the namespace "${expected.name}" differs from that of the backup after the same entries: keep the backup and report this, since this version reads it otherwise than the one that made it.`,
  );
}

function damaged(path: string, what: string): BackupError {
  return new BackupError("damaged", `The backup is damaged: ${path} ${what}; use another backup.`);
}
