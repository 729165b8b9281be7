import { castagnoli } from "./checksum.js";
import { FileWindow, type ReadAt } from "./file-window.js";
import { JournalError } from "./journal-error.js";

/** LevelDB's log: records in blocks of this size, none crosses a boundary. */
const BLOCK_BYTES = 32_768;
const RECORD_HEAD_BYTES = 7;
/** Types of a record: a whole batch, or its first, middle (3) or last part. */
export const FULL = 1;
export const FIRST = 2;
export const LAST = 4;

/** One log file of a database. */
export interface LevelLog {
  /** File name. */
  readonly name: string;
  /** Its bytes. */
  readonly bytes: number;
  /** Reads it. */
  readonly read: ReadAt;
}

/** Where the whole batches of the logs end. */
export interface LevelLogEnd {
  /** The newest log; empty where there is none. */
  readonly name: string;
  /** Byte position behind its last whole batch. */
  readonly position: number;
  /** Bytes behind that. */
  readonly tornBytes: number;
}

/** A physical record whose checksum is right. */
export interface SoundRecord {
  /** What this is. */
  readonly kind: "record";
  /** Which part of a batch it is. */
  readonly type: number;
  /** Its bytes. */
  readonly body: Buffer;
  /** Where it begins within its block. */
  readonly at: number;
  /** Where it ends within its block. */
  readonly end: number;
}

type FoundRecord = SoundRecord | { readonly kind: "damage"; readonly position: number };

/**
 * Reads LevelDB's logs before LevelDB does, which skips a damaged record and goes on. Since every
 * batch is synced before the next is written, a damaged record before the sound start of a later
 * batch was once stored safely: rejects with `corrupt`. Behind the last one it is a torn write.
 */
export async function checkLevelLogs(logs: readonly LevelLog[]): Promise<LevelLogEnd> {
  let damage: Place | undefined;
  let end: LevelLogEnd = { name: "", position: 0, tornBytes: 0 };
  for (const log of logs) {
    const { name, bytes } = log;
    end = { name, position: 0, tornBytes: bytes };
    for await (const { start, found } of recordsOfLog(log)) {
      if (found.kind === "damage") damage ??= { name, position: start + found.position };
      else if (damage === undefined) end = behind(log, start, found) ?? end;
      else if (found.type === FULL || found.type === FIRST) throw damaged(damage);
    }
  }
  return end;
}

interface Place {
  readonly name: string;
  readonly position: number;
}

/** The end of a log behind a record that completes a batch. */
function behind(
  { name, bytes }: LevelLog,
  start: number,
  { type, end }: SoundRecord,
): LevelLogEnd | undefined {
  if (type !== FULL && type !== LAST) return undefined;
  return { name, position: start + end, tornBytes: bytes - start - end };
}

/** The physical records of a log, each with the start of its block. */
export async function* recordsOfLog({
  bytes,
  read,
}: LevelLog): AsyncGenerator<{ start: number; found: FoundRecord }> {
  const window = new FileWindow(read, BLOCK_BYTES);
  for (let start = 0; start < bytes; start += BLOCK_BYTES) {
    const length = Math.min(BLOCK_BYTES, bytes - start);
    const block = Buffer.from((await window.view(start, length, bytes)) ?? []);
    for (const found of recordsOf(block)) yield { start, found };
  }
}

/** The records of a block; behind a damaged one those that are found by trying every byte. */
function* recordsOf(block: Buffer): Generator<FoundRecord> {
  let at = 0;
  while (at + RECORD_HEAD_BYTES <= block.length) {
    const end = recordEnd(block, at);
    if (end !== undefined) {
      const body = block.subarray(at + RECORD_HEAD_BYTES, end);
      yield { kind: "record", type: block.readUInt8(at + 6), body, at, end };
      at = end;
      continue;
    }
    yield { kind: "damage", position: at };
    at += 1;
    while (at + RECORD_HEAD_BYTES <= block.length && recordEnd(block, at) === undefined) at += 1;
  }
}

/** Where the sound record at a position ends. */
function recordEnd(block: Buffer, at: number): number | undefined {
  const type = block.readUInt8(at + 6);
  const end = at + RECORD_HEAD_BYTES + block.readUInt16LE(at + 4);
  if (type < FULL || type > LAST || end > block.length) return undefined;
  const checksum = castagnoli(block.subarray(at + 6, end));
  return masked(checksum) === block.readUInt32LE(at) ? end : undefined;
}

/** LevelDB stores checksums rotated and shifted, since checksums of checksums are weak. */
export function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282_ead8) >>> 0;
}

function damaged({ name, position }: Place): JournalError {
  const message = `A batch in LevelDB's log that was synced is damaged (${name}, byte ${position})`;
  return new JournalError("corrupt", message, { segment: name, position });
}
