import type { Disk, DiskFile } from "@opendxa/pubsub-journal";
import { crc32c } from "@opendxa/pubsub-protocol";
import {
  blockBytesTarget,
  CheckpointError,
  type CheckpointHeader,
  type CheckpointRecord,
  decodeHeader,
  decodeRecords,
  encodeBlock,
  encodeEnd,
  encodeHeader,
  recordBytes,
} from "./checkpoint-format.js";

/** Largest block: one value of 1 MiB with its key. */
const blockBytesMax = 2 * 1_024 * 1_024;

/** Where a file lies and what it is called while it is not complete. */
export interface CheckpointPath {
  /** Folder. */
  readonly folder: string;
  /** Name inside the folder. */
  readonly name: string;
}

async function writeRecords(
  file: DiskFile,
  header: CheckpointHeader,
  records: AsyncIterable<CheckpointRecord> | Iterable<CheckpointRecord>,
): Promise<number> {
  let position = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    await file.writev([bytes], position);
    position += bytes.length;
  };
  await write(encodeHeader(header));
  let block: CheckpointRecord[] = [];
  let size = 0;
  let count = 0;
  for await (const record of records) {
    block.push(record);
    size += recordBytes(record);
    count++;
    if (size >= blockBytesTarget) {
      await write(encodeBlock(block));
      block = [];
      size = 0;
    }
  }
  if (block.length > 0) await write(encodeBlock(block));
  await write(encodeEnd(count));
  await file.sync();
  return position;
}

/**
 * Writes a checkpoint file so that it exists whole or not at all: under another name, synced, then
 * renamed, then the folder synced. Records come sorted by key. Answers its size in bytes.
 */
export async function writeCheckpointFile(
  disk: Disk,
  path: CheckpointPath,
  content: {
    readonly header: CheckpointHeader;
    readonly records: AsyncIterable<CheckpointRecord> | Iterable<CheckpointRecord>;
  },
): Promise<number> {
  const final = `${path.folder}/${path.name}`;
  const unfinished = `${final}.tmp`;
  if (await disk.exists(unfinished)) await disk.unlink(unfinished);
  const file = await disk.open(unfinished, "create");
  let bytes: number;
  try {
    bytes = await writeRecords(file, content.header, content.records);
  } finally {
    await file.close();
  }
  await disk.rename(unfinished, final);
  await disk.syncDirectory(path.folder);
  return bytes;
}

async function readExactly(file: DiskFile, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const read = await file.read(bytes.subarray(at), position + at);
    if (read === 0) throw new CheckpointError("the file is cut short");
    at += read;
  }
  return bytes;
}

/** Reads only the header. */
export async function readCheckpointHeader(disk: Disk, path: string): Promise<CheckpointHeader> {
  const file = await disk.open(path, "read");
  try {
    return decodeHeader(await readExactly(file, 0, 64));
  } finally {
    await file.close();
  }
}

async function* readBlocks(file: DiskFile): AsyncGenerator<CheckpointRecord> {
  let count = 0;
  for (let position = 64; ; ) {
    const head = await readExactly(file, position, 8);
    const view = new DataView(head.buffer);
    const length = view.getUint32(0);
    if (length > blockBytesMax)
      throw new CheckpointError("a block is longer than any block can be");
    const body = await readExactly(file, position + 8, length === 0 ? 8 : length);
    if (crc32c(body) !== view.getUint32(4)) {
      throw new CheckpointError(`the block at byte ${position} has a wrong checksum`);
    }
    if (length === 0) {
      if (new DataView(body.buffer).getBigUint64(0) !== BigInt(count)) {
        throw new CheckpointError("the number of records is wrong");
      }
      return;
    }
    for (const record of decodeRecords(body)) {
      count++;
      yield record;
    }
    position += 8 + length;
  }
}

/** Reads all records of a file in the order of their keys. Throws CheckpointError where damaged. */
export async function* readCheckpointFile(
  disk: Disk,
  path: string,
): AsyncGenerator<CheckpointRecord> {
  const file = await disk.open(path, "read");
  try {
    yield* readBlocks(file);
  } finally {
    await file.close();
  }
}

/**
 * Merges files of one chain, the newest last, into the state that they mean: for each key the
 * newest record, removed keys left out.
 */
export async function* mergeCheckpointFiles(
  disk: Disk,
  paths: readonly string[],
): AsyncGenerator<CheckpointRecord> {
  const readers = paths.map((path) => readCheckpointFile(disk, path));
  const heads = await Promise.all(readers.map(async (reader) => (await reader.next()).value));
  const isRecord = (head: unknown): head is CheckpointRecord => head !== undefined;
  for (;;) {
    const smallest = heads
      .filter(isRecord)
      .reduce<string | undefined>(
        (least, { key }) => (least === undefined || key < least ? key : least),
        undefined,
      );
    if (smallest === undefined) return;
    let newest: CheckpointRecord | undefined;
    for (const [i, head] of heads.entries()) {
      if (!isRecord(head) || head.key !== smallest) continue;
      newest = head;
      heads[i] = (await readers[i]?.next())?.value;
    }
    if (newest?.value !== undefined) yield newest;
  }
}
