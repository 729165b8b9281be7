import { JournalError } from "@opendxa/pubsub-journal";
import {
  Codec,
  compressBodies,
  crc32c,
  decompressBodies,
  isSupportedCodec,
} from "@opendxa/pubsub-protocol";

/** What a checkpoint file says of itself. */
export interface CheckpointHeader {
  /** Whether it holds all state or only what changed since `previous`. */
  readonly kind: "base" | "delta";
  /** Journal that it belongs to, 16 bytes. */
  readonly journalId: Uint8Array;
  /** The state is that after this sequence. */
  readonly sequence: bigint;
  /** Sequence of the file that a delta stands on; 0 in a base. */
  readonly previous: bigint;
}

/** A key of the state; `undefined` in a delta: the key is gone. */
export interface CheckpointRecord {
  /** Key. */
  readonly key: string;
  /** Encoded value. */
  readonly value: Uint8Array | undefined;
}

/** A checkpoint file that cannot be used, and why. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
  /** Byte position in the file at which it begins. */
  readonly position: number;

  /** Builds the error. */
  constructor(message: string, position = 0) {
    super(message);
    this.position = position;
  }
}

const magic = 0x4f44_5843;
/** Of a file without compressed blocks, which any machine reads. */
const plainVersion = 1;
/** Of a file with some. */
const compressedVersion = 2;
const headerBytes = 64;
const removed = 0xffff_ffff;
/** Length of the key in 2 bytes, of the value in 4. */
const recordHeadBytes = 6;

/** Bytes of records that share a checksum. */
export const blockBytesTarget = 64 * 1_024;

/** The first 64 bytes of a file; `isCompressed`: some of its blocks are. */
export function encodeHeader(header: CheckpointHeader, isCompressed: boolean): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  view.setUint16(4, isCompressed ? compressedVersion : plainVersion);
  view.setUint16(6, header.kind === "base" ? 1 : 2);
  bytes.set(header.journalId, 8);
  view.setBigUint64(24, header.sequence);
  view.setBigUint64(32, header.previous);
  view.setUint32(60, crc32c(bytes.subarray(0, 60)));
  return bytes;
}

/**
 * Reads a header. Throws CheckpointError where it is damaged, and `unsupported` where the file is sound
 * but not for this broker or machine: nothing older may be taken for it, and no repair leave it out.
 */
export function decodeHeader(bytes: Uint8Array): CheckpointHeader {
  if (bytes.length < headerBytes) throw new CheckpointError("the header is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  if (view.getUint32(60) !== crc32c(bytes.subarray(0, 60))) {
    throw new CheckpointError("the header's checksum is wrong");
  }
  if (view.getUint32(0) !== magic) throw new CheckpointError("this is not a checkpoint");
  const version = view.getUint16(4);
  if (version !== plainVersion && version !== compressedVersion) {
    throw unsupported(`checkpoints of format ${version} are not known to this version`);
  }
  if (version === compressedVersion && !isSupportedCodec(Codec.LZ4)) {
    throw unsupported("checkpoints are compressed with LZ4, and lz4-napi does not load here");
  }
  return {
    kind: view.getUint16(6) === 1 ? "base" : "delta",
    journalId: bytes.slice(8, 24),
    sequence: view.getBigUint64(24),
    previous: view.getBigUint64(32),
  };
}

function unsupported(why: string): JournalError {
  return new JournalError("unsupported", why);
}

/** Serialized size of a record. */
export function recordBytes(record: CheckpointRecord): number {
  return recordHeadBytes + record.key.length + (record.value?.length ?? 0);
}

/** Length and CRC-32C in front of the stored records of a block. */
export const blockHeadBytes = 8;
/** Bit of the length that says that the records are compressed. */
const compressedBit = 0x8000_0000;
/** Changes the checksum of compressed records, which does not cover the bit: none passes for the other. */
const compressedMark = 0x4c5a_3462;
const rawLengthBytes = 4;
/** Below, too little is saved to load a codec for. */
const compressedFromBytes = 4_096;

/** What the head of a block says. */
export interface BlockHead {
  /** Bytes that follow it; 0 at the end of the file. */
  readonly length: number;
  /** CRC-32C of these bytes. */
  readonly checksum: number;
  /** They are the size of the records in 4 bytes, and the records compressed with LZ4. */
  readonly isCompressed: boolean;
}

/**
 * A block: length of what follows, its CRC-32C, the records. Where that is shorter they are
 * compressed with LZ4: they are sorted, and each has the beginning of its key and much of its value
 * from its neighbor. A length of 0 ends the file.
 */
export function encodeBlock(records: readonly CheckpointRecord[]): Uint8Array {
  const plain = encodeRecords(records);
  const packed = plain.length < compressedFromBytes ? undefined : pack(plain);
  const body = packed ?? plain;
  const bytes = Buffer.allocUnsafe(blockHeadBytes + body.length);
  const isCompressed = packed !== undefined;
  bytes.writeUInt32BE((body.length | (isCompressed ? compressedBit : 0)) >>> 0, 0);
  bytes.writeUInt32BE((crc32c(body) ^ (isCompressed ? compressedMark : 0)) >>> 0, 4);
  bytes.set(body, blockHeadBytes);
  return bytes;
}

function encodeRecords(records: readonly CheckpointRecord[]): Buffer {
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + recordBytes(record), 0));
  let at = 0;
  for (const { key, value } of records) {
    bytes.writeUInt16BE(key.length, at);
    bytes.writeUInt32BE(value === undefined ? removed : value.length, at + 2);
    at += recordHeadBytes;
    at += bytes.write(key, at, "latin1");
    if (value !== undefined) bytes.set(value, at);
    at += value?.length ?? 0;
  }
  return bytes;
}

/** `undefined` where it would be no shorter, or this machine has no LZ4. */
function pack(plain: Uint8Array): Buffer | undefined {
  if (!isSupportedCodec(Codec.LZ4)) return undefined;
  const compressed = compressBodies(plain, Codec.LZ4);
  if (rawLengthBytes + compressed.length >= plain.length) return undefined;
  const packed = Buffer.allocUnsafe(rawLengthBytes + compressed.length);
  packed.writeUInt32BE(plain.length, 0);
  packed.set(compressed, rawLengthBytes);
  return packed;
}

/** Reads the head of a block. */
export function decodeBlockHead(bytes: Uint8Array): BlockHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, blockHeadBytes);
  const length = view.getUint32(0);
  const isCompressed = (length & compressedBit) !== 0;
  const checksum = view.getUint32(4);
  return {
    length: length & ~compressedBit,
    checksum: isCompressed ? (checksum ^ compressedMark) >>> 0 : checksum,
    isCompressed,
  };
}

/** What is known of a block whose bytes are at hand. */
export interface BlockPlace {
  /** From its head. */
  readonly isCompressed: boolean;
  /** Bytes that records of a block have at most. */
  readonly bytesMax: number;
  /** Where the block begins in its file. */
  readonly position: number;
}

/**
 * The records of a block whose checksum was verified; their values are views on its bytes. Throws
 * CheckpointError where they say to be more than `bytesMax`, cannot be decompressed or do not fit.
 */
export function decodeBlock(
  body: Uint8Array,
  { isCompressed, bytesMax, position }: BlockPlace,
): CheckpointRecord[] {
  return decodeRecords(isCompressed ? unpack(body, bytesMax, position) : body, position);
}

function unpack(body: Uint8Array, bytesMax: number, position: number): Uint8Array {
  const packed = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const rawLength = packed.length < rawLengthBytes ? Infinity : packed.readUInt32BE(0);
  if (rawLength > bytesMax) {
    throw new CheckpointError("a block is longer than any block can be", position);
  }
  try {
    return decompressBodies(packed.subarray(rawLengthBytes), Codec.LZ4, rawLength);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CheckpointError(`a block cannot be decompressed: ${why}`, position);
  }
}

/** The end of a file: a block of length 0 whose checksum field is the CRC-32C of the record count. */
export function encodeEnd(recordCount: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, BigInt(recordCount));
  view.setUint32(4, crc32c(bytes.subarray(8)));
  return bytes;
}

function decodeRecords(body: Uint8Array, position: number): CheckpointRecord[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const records: CheckpointRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const keyAt = at + recordHeadBytes;
    const keyLength = keyAt > bytes.length ? Infinity : bytes.readUInt16BE(at);
    const valueAt = keyAt + keyLength;
    const valueLength = valueAt > bytes.length ? Infinity : bytes.readUInt32BE(at + 2);
    const isRemoved = valueLength === removed;
    at = isRemoved ? valueAt : valueAt + valueLength;
    if (at > bytes.length) throw new CheckpointError("a record crosses its block's end", position);
    const value = isRemoved ? undefined : bytes.subarray(valueAt, at);
    records.push({ key: bytes.toString("latin1", keyAt, valueAt), value });
  }
  return records;
}
