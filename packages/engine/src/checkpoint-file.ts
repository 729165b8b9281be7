import { INDEX_STORE_LIMITS } from "@opendxa/pubsub-index-store";
import type { Disk, DiskFile } from "@opendxa/pubsub-journal";
import { crc32c } from "@opendxa/pubsub-protocol";
import {
  blockBytesTarget,
  blockHeadBytes,
  CheckpointError,
  type CheckpointHeader,
  type CheckpointRecord,
  decodeBlock,
  decodeBlockHead,
  decodeHeader,
  encodeBlock,
  encodeEnd,
  encodeHeader,
  recordBytes,
} from "./checkpoint-format.js";
import type { RecordBlock, RecordBlocks } from "./merge-records.js";

const recordFramingBytes = 64;

/** Largest block: it ends with the record that brings it to its target. */
const blockBytesMax =
  blockBytesTarget +
  INDEX_STORE_LIMITS.keyBytesMax +
  INDEX_STORE_LIMITS.valueBytesMax +
  recordFramingBytes;

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
  blocks: RecordBlocks,
): Promise<number> {
  let position = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    await file.writev([bytes], position);
    position += bytes.length;
  };
  await write(encodeHeader(header, false));
  let isCompressed = false;
  const writeBlock = async (records: RecordBlock): Promise<void> => {
    const bytes = encodeBlock(records);
    isCompressed ||= decodeBlockHead(bytes).isCompressed;
    await write(bytes);
  };
  let block: CheckpointRecord[] = [];
  let size = 0;
  let count = 0;
  for await (const records of blocks) {
    for (const record of records) {
      block.push(record);
      size += recordBytes(record);
      count++;
      if (size < blockBytesTarget) continue;
      await writeBlock(block);
      block = [];
      size = 0;
    }
  }
  if (block.length > 0) await writeBlock(block);
  await write(encodeEnd(count));
  if (isCompressed) await file.writev([encodeHeader(header, true)], 0);
  await file.sync();
  return position;
}

/**
 * Writes a checkpoint file so that it exists whole or not at all: under another name, synced, then
 * renamed, then the folder synced. A file of that name is replaced. Answers its size in bytes.
 */
export async function writeCheckpointFile(
  disk: Disk,
  path: CheckpointPath,
  content: {
    readonly header: CheckpointHeader;
    readonly blocks: RecordBlocks;
  },
): Promise<number> {
  const final = `${path.folder}/${path.name}`;
  const unfinished = `${final}.tmp`;
  if (await disk.exists(unfinished)) await disk.unlink(unfinished);
  const file = await disk.open(unfinished, "create");
  let bytes: number;
  try {
    bytes = await writeRecords(file, content.header, content.blocks);
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
    if (read === 0) throw new CheckpointError("the file is cut short", position);
    at += read;
  }
  return bytes;
}

/** Reads only the header. Rejects with CheckpointError, or `unsupported` where this machine cannot read the file. */
export async function readCheckpointHeader(disk: Disk, path: string): Promise<CheckpointHeader> {
  const file = await disk.open(path, "read");
  try {
    return decodeHeader(await readExactly(file, 0, 64));
  } finally {
    await file.close();
  }
}

async function* readBlocks(file: DiskFile): AsyncGenerator<RecordBlock> {
  let count = 0;
  for (let position = 64; ; ) {
    const head = decodeBlockHead(await readExactly(file, position, blockHeadBytes));
    const { length, checksum, isCompressed } = head;
    if (length > blockBytesMax) {
      throw new CheckpointError("a block is longer than any block can be", position);
    }
    const body = await readExactly(file, position + blockHeadBytes, length === 0 ? 8 : length);
    if (crc32c(body) !== checksum) {
      throw new CheckpointError(`the block at byte ${position} has a wrong checksum`, position);
    }
    if (length === 0) {
      if (new DataView(body.buffer).getBigUint64(0) !== BigInt(count)) {
        throw new CheckpointError("the number of records is wrong", position);
      }
      return;
    }
    const records = decodeBlock(body, { isCompressed, bytesMax: blockBytesMax, position });
    count += records.length;
    yield records;
    position += blockHeadBytes + length;
  }
}

/** Reads all records of a file in the order of their keys. Throws CheckpointError where damaged. */
export async function* readCheckpointFile(disk: Disk, path: string): AsyncGenerator<RecordBlock> {
  const file = await disk.open(path, "read");
  try {
    yield* readBlocks(file);
  } finally {
    await file.close();
  }
}
