import { crc32c } from "@opendxa/pubsub-protocol";

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
const formatVersion = 1;
const headerBytes = 64;
const removed = 0xffff_ffff;

/** Bytes of records that share a checksum. */
export const blockBytesTarget = 64 * 1_024;

/** The first 64 bytes of a file. */
export function encodeHeader(header: CheckpointHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  view.setUint16(4, formatVersion);
  view.setUint16(6, header.kind === "base" ? 1 : 2);
  bytes.set(header.journalId, 8);
  view.setBigUint64(24, header.sequence);
  view.setBigUint64(32, header.previous);
  view.setUint32(60, crc32c(bytes.subarray(0, 60)));
  return bytes;
}

/** Reads a header; throws CheckpointError. */
export function decodeHeader(bytes: Uint8Array): CheckpointHeader {
  if (bytes.length < headerBytes) throw new CheckpointError("the header is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  if (view.getUint32(60) !== crc32c(bytes.subarray(0, 60))) {
    throw new CheckpointError("the header's checksum is wrong");
  }
  if (view.getUint32(0) !== magic) throw new CheckpointError("this is not a checkpoint");
  if (view.getUint16(4) !== formatVersion) {
    throw new CheckpointError(`format ${view.getUint16(4)} is not known`);
  }
  return {
    kind: view.getUint16(6) === 1 ? "base" : "delta",
    journalId: bytes.slice(8, 24),
    sequence: view.getBigUint64(24),
    previous: view.getBigUint64(32),
  };
}

/** Serialized size of a record. */
export function recordBytes(record: CheckpointRecord): number {
  return 6 + record.key.length + (record.value?.length ?? 0);
}

/** A block: length of the records, their CRC-32C, the records. A length of 0 ends the file. */
export function encodeBlock(records: readonly CheckpointRecord[]): Uint8Array {
  const length = records.reduce((sum, record) => sum + recordBytes(record), 0);
  const bytes = Buffer.alloc(8 + length);
  let at = 8;
  for (const { key, value } of records) {
    bytes.writeUInt16BE(key.length, at);
    bytes.writeUInt32BE(value === undefined ? removed : value.length, at + 2);
    at += 6;
    at += bytes.write(key, at, "latin1");
    if (value !== undefined) bytes.set(value, at);
    at += value?.length ?? 0;
  }
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(crc32c(bytes.subarray(8)), 4);
  return bytes;
}

/** The end of a file: a block of length 0 whose checksum field is the CRC-32C of the record count. */
export function encodeEnd(recordCount: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, BigInt(recordCount));
  view.setUint32(4, crc32c(bytes.subarray(8)));
  return bytes;
}

/** The records of a block's body whose checksum was verified; their values are views on it. */
export function decodeRecords(body: Uint8Array): CheckpointRecord[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const records: CheckpointRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const keyLength = bytes.readUInt16BE(at);
    const valueLength = bytes.readUInt32BE(at + 2);
    at += 6;
    const key = bytes.toString("latin1", at, at + keyLength);
    at += keyLength;
    const isRemoved = valueLength === removed;
    records.push({ key, value: isRemoved ? undefined : bytes.subarray(at, at + valueLength) });
    at += isRemoved ? 0 : valueLength;
  }
  return records;
}
