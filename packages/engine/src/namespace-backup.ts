import type { IndexStore } from "@opendxa/pubsub-index-store";
import {
  type CopiedFile,
  type Disk,
  ensureFolder,
  JournalError,
  openAudit,
  placeFile,
  type Quietly,
  type Random,
  type Timers,
} from "@opendxa/pubsub-journal";
import { BackupError } from "./backup-error.js";
import type { BackupFile, NamespaceManifest } from "./backup-manifest.js";
import { readCheckpointHeader } from "./checkpoint-file.js";
import { CheckpointError } from "./checkpoint-format.js";
import type { EngineLog } from "./environment.js";
import { type JournalSource, journalSource } from "./journal-source.js";
import { backupAttemptsMax } from "./limits.js";
import { loadCheckpoint } from "./recovery.js";
import { replayTail, stateHash, TailGapError } from "./replayed-state.js";
import { withStoredNamespace } from "./stored-namespace.js";

/** What a backup works with. */
export interface BackupParts {
  /** The file system of both folders. */
  readonly disk: Disk;
  /** Waits for the broker that writes, if one does. */
  readonly timers: Timers;
  /** Source of salts. */
  readonly random: Random;
  /** Tells whether nobody writes, and keeps it so. */
  readonly quietly: Quietly;
  /** Calls back with an empty index, which is thrown away afterwards. */
  readonly withIndex: <Result>(use: (index: IndexStore) => Promise<Result>) => Promise<Result>;
  /** Receives what an operator should know. */
  readonly log: EngineLog;
}

/** A namespace's folder and where its backup goes. */
export interface BackupPlace {
  /** The namespace. */
  readonly name: string;
  /** Its folder. */
  readonly from: string;
  /** Folder of the backup; it exists and is empty. */
  readonly to: string;
}

/**
 * Backs a namespace up, whether or not a broker runs on it: checkpoints, then the journal; every byte
 * of the copy is verified and the state built from it. All of it is durable when this resolves.
 *
 * Throws BackupError `damaged` where the journal is; `changing` where files went away under it
 * too often; JournalError and the disk's errors as they come.
 */
export async function backupNamespace(
  parts: BackupParts,
  place: BackupPlace,
): Promise<NamespaceManifest> {
  const folder = `${place.from}/journal`;
  const source = await again(parts, place.name, () => journalSource(parts, folder));
  return await again(parts, place.name, async () => {
    for (const each of foldersOf(place.to, source)) await empty(parts.disk, each);
    return await attempt(parts, place, source);
  });
}

/** Begins again where files went away: retention, rewriting and merged checkpoints remove some. */
async function again<Result>(
  { log }: BackupParts,
  name: string,
  run: () => Promise<Result>,
): Promise<Result> {
  for (let count = 1; ; count += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (count === backupAttemptsMax) throw givenUp(name, error);
      log.info("the data folder changed under the backup; it begins again", {
        namespace: name,
        cause: String(error),
      });
    }
  }
}

async function attempt(
  parts: BackupParts,
  { name, from, to }: BackupPlace,
  source: JournalSource,
): Promise<NamespaceManifest> {
  const { disk } = parts;
  const files = new Map<string, CopiedFile>();
  const sequenceMin = await copyCheckpoints(disk, { from, to, files });
  const folder = `${to}/journal`;
  await source.copy(folder, sequenceMin);
  const audit = await openAudit({ disk, folder });
  for await (const item of audit.items()) {
    if (item.kind === "fault" && item.fault.severity === "fault") {
      throw damaged(name, `${item.fault.segment}: ${item.fault.message}`);
    }
  }
  const { journalId, firstSequence, lastSequence } = audit;
  if (journalId === undefined) throw damaged(name, "nothing tells the journal's id");
  if (lastSequence < sequenceMin) throw endsEarly(sequenceMin, lastSequence);
  const state = await stateOf(parts, to);
  // Only now: opening the copy, which is the backup's own, has changed its newest files.
  for (const [file, facts] of await source.files(folder)) files.set(`journal/${file}`, facts);
  return {
    name,
    journalId: Buffer.from(journalId).toString("hex"),
    firstSequence,
    lastSequence,
    ...state,
    files: await listed(disk, files, { to, source }),
  };
}

/** Answers the newest sequence that a checkpoint knows: the segments must reach it. */
async function copyCheckpoints(
  disk: Disk,
  { from, to, files }: { from: string; to: string; files: Map<string, CopiedFile> },
): Promise<bigint> {
  let newest = 0n;
  if (!(await disk.exists(`${from}/checkpoints`))) return newest;
  for (const name of (await disk.readdir(`${from}/checkpoints`)).sort()) {
    if (!/\.(base|delta)$/.test(name)) continue;
    const path = `${to}/checkpoints/${name}`;
    files.set(`checkpoints/${name}`, await placeFile(disk, `${from}/checkpoints/${name}`, path));
    const sequence = await sequenceOf(disk, path);
    if (sequence > newest) newest = sequence;
  }
  await disk.syncDirectory(`${to}/checkpoints`);
  return newest;
}

async function sequenceOf(disk: Disk, path: string): Promise<bigint> {
  try {
    return (await readCheckpointHeader(disk, path)).sequence;
  } catch (error) {
    // Damaged: it is left out when the state is built, as at a start.
    if (error instanceof CheckpointError) return 0n;
    throw error;
  }
}

/** State at the end of the copy, built as a start would build it. */
async function stateOf(
  parts: BackupParts,
  folder: string,
): Promise<Pick<NamespaceManifest, "checkpointSequence" | "stateSha256">> {
  return await withStoredNamespace(parts, folder, (stored) =>
    parts.withIndex(async (index) => {
      const recovery = { ...stored, index, log: parts.log };
      const checkpointSequence = await loadCheckpoint(recovery);
      await replayTail(recovery, checkpointSequence);
      return { checkpointSequence, stateSha256: await stateHash(index) };
    }),
  );
}

/** What is there in the end: checkpoints that were superfluous are not. */
async function listed(
  disk: Disk,
  files: ReadonlyMap<string, CopiedFile>,
  { to, source }: { readonly to: string; readonly source: JournalSource },
): Promise<BackupFile[]> {
  const present: BackupFile[] = [];
  for (const [path, facts] of files) {
    if (await disk.exists(`${to}/${path}`)) present.push({ path, ...facts });
  }
  for (const folder of foldersOf(to, source)) await disk.syncDirectory(folder);
  return present;
}

/** The inner ones first. */
function foldersOf(to: string, { folders }: JournalSource): readonly string[] {
  return [`${to}/checkpoints`, ...folders.map((folder) => `${to}/journal${folder}`)];
}

async function empty(disk: Disk, folder: string): Promise<void> {
  await ensureFolder(disk, folder);
  for (const name of await disk.readdir(folder)) {
    // Folders within were emptied before.
    if (name !== "leveldb") await disk.unlink(`${folder}/${name}`);
  }
}

/** What a file that goes away looks like to one who reads: gone, or a chain that does not close. */
function isPassing(error: unknown): boolean {
  if (error instanceof TailGapError) return true;
  if (error instanceof JournalError) return error.reason === "corrupt";
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function endsEarly(wanted: bigint, last: bigint): JournalError {
  const message = `The journal ends at sequence ${last}, but a checkpoint knows ${wanted}: entries are missing`;
  return new JournalError("corrupt", message, { sequences: { first: last + 1n, last: wanted } });
}

function givenUp(name: string, error: unknown): BackupError {
  const isDamage = error instanceof JournalError || error instanceof TailGapError;
  if (isDamage) return damaged(name, error.message, error);
  const message = `Files of the namespace "${name}" went away under the backup ${backupAttemptsMax} times: try again when less is removed.`;
  return new BackupError("changing", message, error);
}

function damaged(name: string, what: string, cause?: unknown): BackupError {
  return new BackupError(
    "damaged",
    `The namespace "${name}" is damaged and is not backed up (${what}): "opendxa-pubsub verify" names every fault, "opendxa-pubsub repair" saves what is sound.`,
    cause,
  );
}
