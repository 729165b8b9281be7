import { join } from "node:path";
import type { Disk, DiskFile } from "./disk.js";
import { ensureFolder } from "./ensure-folder.js";
import { JournalError } from "./journal-error.js";
import { LevelDatabase } from "./level-database.js";
import { LevelForgotten } from "./level-forgotten.js";
import { LevelJournal } from "./level-journal.js";
import { checkLevelLogs, type LevelLog, type LevelLogEnd } from "./level-log.js";
import {
  decodeEntry,
  decodeHead,
  encodeHead,
  entryKey,
  HEAD_KEY,
  type LevelHead,
  sequenceOf,
} from "./level-records.js";
import { damaged } from "./level-walk.js";
import {
  type JournalLimits,
  journalLimits,
  LEVEL_CHECK_BYTES,
  LEVEL_REMOVALS_MAX,
  SEQUENCE_MAX,
} from "./limits.js";
import type { OpenedJournal } from "./open-segment-journal.js";
import type { Random } from "./random.js";

/** How a journal in LevelDB is opened. */
export interface OpenLevelJournalOptions {
  /** The machine's file system: LevelDB itself uses no other. */
  readonly disk: Disk;
  /** The database's own folder; made if it is not there. */
  readonly folder: string;
  /** Source of the journal's id. */
  readonly random: Random;
  /** The journal's id, where it is known that it exists: an empty database is damage then. */
  readonly knownId?: Uint8Array;
  /** Is told once when a write failed and the journal takes nothing more. */
  readonly onFailure: (error: JournalError) => void;
  /** Bounds that differ from `JOURNAL_LIMITS`. */
  readonly limits?: Partial<JournalLimits>;
}

const LOG_NAME = /^\d+\.log$/;

/**
 * Opens a journal in LevelDB, or makes one. LevelDB skips damaged records of its log, so the log is
 * read before; then the head, and that what the log may hold has no hole but forgotten entries.
 * Rejects with `corrupt`, `locked` or `io_failed`.
 */
export async function openLevelJournal(options: OpenLevelJournalOptions): Promise<OpenedJournal> {
  const { disk, folder, knownId, onFailure } = options;
  const limits = journalLimits(options.limits);
  try {
    await ensureFolder(disk, folder);
    const { end, bytes } = await checkFiles(disk, folder);
    const database = await LevelDatabase.open(disk, folder);
    try {
      const head = await readHead(database, options);
      if (knownId !== undefined && Buffer.compare(knownId, head.id) !== 0) {
        throw new JournalError("corrupt", `The database in ${folder} is another journal's`);
      }
      await removeDropped(database, head);
      await checkEnd(database, head);
      return {
        journal: new LevelJournal({ database, head, limits, bytes, onFailure }),
        recovery: {
          tornBytes: end.tornBytes,
          segment: end.name,
          position: end.position,
          lastSequence: head.last,
          unmarked: end.tornBytes > 0,
        },
      };
    } catch (error) {
      await database.close();
      throw error;
    }
  } catch (error) {
    throw JournalError.from(error, `opening of ${folder}`);
  }
}

/** Checks the logs, and adds up the bytes of all files. */
async function checkFiles(
  disk: Disk,
  folder: string,
): Promise<{ end: LevelLogEnd; bytes: number }> {
  const names = (await disk.readdir(folder)).sort();
  const logs: LevelLog[] = [];
  const files: DiskFile[] = [];
  let bytes = 0;
  try {
    for (const name of names) {
      const file = await disk.open(join(folder, name), "read");
      files.push(file);
      const size = await file.size();
      bytes += size;
      const read: LevelLog["read"] = (buffer, position) => file.read(buffer, position);
      if (LOG_NAME.test(name)) logs.push({ name, bytes: size, read });
      else await files.pop()?.close();
    }
    return { end: await checkLevelLogs(logs), bytes };
  } finally {
    for (const file of files) await file.close();
  }
}

async function readHead(
  database: LevelDatabase,
  { random, knownId, folder }: OpenLevelJournalOptions,
): Promise<LevelHead> {
  const value = await database.get(HEAD_KEY);
  if (value !== undefined) {
    const head = decodeHead(value);
    if (head === undefined) throw new JournalError("corrupt", "The journal's head is damaged");
    return head;
  }
  const everything = { gte: entryKey(0n), lte: entryKey(SEQUENCE_MAX) };
  let isEmpty = true;
  for await (const _ of database.pairs(everything)) {
    isEmpty = false;
    break;
  }
  if (!isEmpty || knownId !== undefined) {
    throw new JournalError("corrupt", `The head of the journal in ${folder} is missing`);
  }
  const head = { id: Uint8Array.from(random.bytes(16)), first: 1n, last: 0n };
  await database.write([{ key: HEAD_KEY, value: encodeHead(head) }]);
  return head;
}

/** Goes on removing what retention had let go when the process ended. */
async function removeDropped(database: LevelDatabase, { first }: LevelHead): Promise<void> {
  const dropped = { gte: entryKey(0n), lte: entryKey(first - 1n) };
  let keys: Uint8Array[] = [];
  const remove = async (): Promise<void> => {
    if (keys.length > 0) await database.write(keys.map((key) => ({ key })));
    keys = [];
  };
  for await (const [key] of database.pairs(dropped)) {
    keys.push(key);
    if (BigInt(keys.length) >= LEVEL_REMOVALS_MAX) await remove();
  }
  await remove();
}

/** Checks that the newest entries, as far down as a log may reach, are all there. */
async function checkEnd(database: LevelDatabase, head: LevelHead): Promise<void> {
  const forgotten = new LevelForgotten(database);
  const stored = { gte: entryKey(head.first), lte: entryKey(SEQUENCE_MAX), reverse: true };
  let expected = head.last;
  let bytes = 0;
  for await (const [key, value] of database.pairs(stored)) {
    const sequence = sequenceOf(key);
    if (decodeEntry(key, value) === undefined || sequence > expected) throw damaged(sequence);
    if (sequence < expected) await forgotten.checkHole({ first: sequence + 1n, last: expected });
    expected = sequence - 1n;
    bytes += key.length + value.length;
    if (bytes > LEVEL_CHECK_BYTES) return;
  }
  if (expected >= head.first) await forgotten.checkHole({ first: head.first, last: expected });
}
