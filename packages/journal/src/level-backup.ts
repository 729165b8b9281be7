import { join } from "node:path";
import type { Disk, DiskFile } from "./disk.js";
import { ensureFolder } from "./ensure-folder.js";
import { copyFile, copyOpened, linkFile } from "./file-copy.js";
import { JournalError } from "./journal-error.js";
import { LEVEL_FOLDER, MARKER_NAME } from "./journal-kind.js";
import {
  CURRENT_NAME,
  type LevelVersion,
  logNumber,
  readLevelVersion,
  tableNumber,
} from "./level-manifest.js";
import { LEVEL_COPY_LOOKS_MAX } from "./limits.js";

/** What is copied, and where to. */
export interface CopyLevelOptions {
  /** The file system of both folders. */
  readonly disk: Disk;
  /** The journal's folder; a broker may be writing to it. */
  readonly from: string;
  /** The folder of the copy; it exists and is empty. */
  readonly to: string;
}

/** Files that are a journal in LevelDB, by their paths below its folder. */
const DATABASE_NAME = /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb|sst))$/;

/** A moment of the database: the version, and its logs as long as they were then. */
interface Moment {
  readonly version: LevelVersion;
  readonly logs: readonly {
    readonly name: string;
    readonly file: DiskFile;
    readonly bytes: number;
  }[];
}

/**
 * Copies a journal in LevelDB while it may be written, without LevelDB, which admits one process:
 * the tables that its manifest names, which never change, as second names where the file system can,
 * and manifest and logs as long as they are in a moment in which the manifest does not change. What
 * the copy has of the logs is synced in the journal before it is copied, so that the copy holds all
 * that was acknowledged before the call and nothing that a power cut takes from the journal.
 *
 * A table that the manifest does not name is never given a second name: LevelDB, opening the copy,
 * might write into it.
 *
 * Rejects with `corrupt` where the manifest is damaged, `io_failed` where it changed at every look,
 * and with the disk's own errors. The names are not durable until the folders are synced.
 */
export async function copyLevel({ disk, from, to }: CopyLevelOptions): Promise<void> {
  const source = join(from, LEVEL_FOLDER);
  const target = join(to, LEVEL_FOLDER);
  await ensureFolder(disk, target);
  const { version, logs } = await quietMoment(disk, source, target);
  try {
    for (const { file } of logs) await file.sync();
    await disk.syncDirectory(source);
    for (const { name, file, bytes } of logs) {
      await copyOpened(disk, file, join(target, name), bytes);
    }
  } finally {
    await closeLogs(logs);
  }
  const { manifest, manifestBytes, tables } = version;
  await copyFile(disk, join(source, manifest), join(target, manifest), manifestBytes);
  await copyFile(disk, join(source, CURRENT_NAME), join(target, CURRENT_NAME));
  // The manifest of another start: nothing of this copy would fit it.
  const { manifest: found } = await versionOf(disk, target);
  if (found !== manifest) throw changing(from);
  for (const name of await disk.readdir(target)) {
    const number = tableNumber(name);
    if (number !== undefined && !tables.has(number)) await disk.unlink(join(target, name));
  }
  await copyFile(disk, join(from, MARKER_NAME), join(to, MARKER_NAME));
}

/** Paths of a journal in LevelDB below its folder; what LevelDB notes beside is none of them. */
export async function levelFiles(disk: Disk, folder: string): Promise<string[]> {
  const names = (await disk.readdir(join(folder, LEVEL_FOLDER))).sort();
  const files = names.filter((name) => DATABASE_NAME.test(name));
  return [MARKER_NAME, ...files.map((name) => `${LEVEL_FOLDER}/${name}`)];
}

/** Places the tables, and finds a moment in which nothing else was missing. */
async function quietMoment(disk: Disk, source: string, target: string): Promise<Moment> {
  for (let looks = 0; looks < LEVEL_COPY_LOOKS_MAX; looks += 1) {
    try {
      const moment = await look(disk, source, target);
      if (moment !== undefined) return moment;
    } catch (error) {
      // Compaction removed what it had merged.
      if (!isMissing(error)) throw error;
    }
  }
  throw changing(source);
}

/** Undefined: the manifest changed meanwhile. Tables that were placed stay for the next look. */
async function look(disk: Disk, source: string, target: string): Promise<Moment | undefined> {
  const version = await versionOf(disk, source);
  await placeTables(disk, version, { source, target });
  const logs = await openLogs(disk, source, version.logNumber);
  let isQuiet = false;
  try {
    const { manifest, manifestBytes } = await versionOf(disk, source);
    isQuiet = manifest === version.manifest && manifestBytes === version.manifestBytes;
    return isQuiet ? { version, logs } : undefined;
  } finally {
    if (!isQuiet) await closeLogs(logs);
  }
}

/** Tables that never change have a second name or a copy afterwards, for good. */
async function placeTables(
  disk: Disk,
  { tables }: LevelVersion,
  { source, target }: { readonly source: string; readonly target: string },
): Promise<void> {
  const placed = new Set((await disk.readdir(target)).map(tableNumber));
  for (const name of await disk.readdir(source)) {
    const number = tableNumber(name);
    if (number === undefined || !tables.has(number) || placed.has(number)) continue;
    const [table, copy] = [join(source, name), join(target, name)];
    if (!(await linkFile(disk, table, copy))) await copyFile(disk, table, copy);
  }
}

/** Opens what is not yet in tables. A log that is not there yet begins behind the last of these. */
async function openLogs(disk: Disk, source: string, oldest: number): Promise<Moment["logs"]> {
  const logs: { name: string; file: DiskFile; bytes: number }[] = [];
  try {
    for (const name of await disk.readdir(source)) {
      if ((logNumber(name) ?? -1) < oldest) continue;
      const log = { name, file: await disk.open(join(source, name), "read"), bytes: 0 };
      logs.push(log);
      log.bytes = await log.file.size();
    }
    return logs;
  } catch (error) {
    await closeLogs(logs);
    throw error;
  }
}

async function closeLogs(logs: Moment["logs"]): Promise<void> {
  for (const { file } of logs) await file.close();
}

async function versionOf(disk: Disk, folder: string): Promise<LevelVersion> {
  const version = await readLevelVersion(disk, folder);
  if (!("place" in version)) return version;
  const { message, place } = version;
  throw new JournalError("corrupt", message, place);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function changing(folder: string): JournalError {
  return new JournalError("io_failed", `The files of ${folder} changed again and again`);
}
