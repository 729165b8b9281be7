import { castagnoli } from "./checksum.js";
import type { JournalEntry, StoredEntry } from "./journal.js";
import type { SequenceRange } from "./sequence-range.js";

const ENTRY = 0x65;
const FORGOTTEN = 0x66;
/** Bytes of the key of an entry or a forgotten range. */
export const ENTRY_KEY_BYTES = 9;
/** Bytes before the payload in the stored bytes of an entry. */
export const ENTRY_HEAD_BYTES = 12;
const HEAD_BYTES = 36;
const FORGOTTEN_BYTES = 12;

/** The key of the head. */
export const HEAD_KEY: Uint8Array = Buffer.from("h");

/** What a journal in LevelDB says of itself, written with every batch that changes it. */
export interface LevelHead {
  /** The journal's 16 bytes. */
  readonly id: Uint8Array;
  /** Oldest sequence retained. */
  readonly first: bigint;
  /** Newest sequence assigned. */
  readonly last: bigint;
}

/** The key of an entry. */
export function entryKey(sequence: bigint): Uint8Array {
  return keyOf(ENTRY, sequence);
}

/** The key of a range of forgotten entries, by its first. */
export function forgottenKey(first: bigint): Uint8Array {
  return keyOf(FORGOTTEN, first);
}

/** The sequence in the key of an entry or a forgotten range; 0 where the key is neither's. */
export function sequenceOf(key: Uint8Array): bigint {
  if (key.length !== ENTRY_KEY_BYTES) return 0n;
  return Buffer.from(key.buffer, key.byteOffset, key.length).readBigUInt64BE(1);
}

/** The stored bytes of an entry, whose payload has a checksum. */
export function encodeEntry(sequence: bigint, entry: JournalEntry, checksum: number): Uint8Array {
  const head = Buffer.alloc(ENTRY_HEAD_BYTES);
  head.writeBigUInt64LE(sequence, 0);
  head.writeUInt32LE(checksum, 8);
  return Buffer.concat([head, ...entry.parts]);
}

/** Reads an entry; undefined where anything about it is wrong. */
export function decodeEntry(key: Uint8Array, value: Uint8Array): StoredEntry | undefined {
  if (value.length < ENTRY_HEAD_BYTES) return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const sequence = bytes.readBigUInt64LE(0);
  const payload = bytes.subarray(ENTRY_HEAD_BYTES);
  if (sequence !== sequenceOf(key) || castagnoli(payload) !== bytes.readUInt32LE(8)) {
    return undefined;
  }
  return { sequence, payload };
}

/** The stored bytes of the head. */
export function encodeHead({ id, first, last }: LevelHead): Uint8Array {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.set(id, 0);
  bytes.writeBigUInt64LE(first, 16);
  bytes.writeBigUInt64LE(last, 24);
  bytes.writeUInt32LE(castagnoli(bytes.subarray(0, 32)), 32);
  return bytes;
}

/** Reads the head; undefined where it is damaged. */
export function decodeHead(value: Uint8Array): LevelHead | undefined {
  if (value.length !== HEAD_BYTES) return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  if (castagnoli(bytes.subarray(0, 32)) !== bytes.readUInt32LE(32)) return undefined;
  return {
    id: Uint8Array.from(bytes.subarray(0, 16)),
    first: bytes.readBigUInt64LE(16),
    last: bytes.readBigUInt64LE(24),
  };
}

/** The stored bytes of a range of forgotten entries. */
export function encodeForgottenRange({ first, last }: SequenceRange): Uint8Array {
  const bytes = Buffer.alloc(FORGOTTEN_BYTES);
  bytes.writeBigUInt64LE(last, 0);
  const seed = castagnoli(forgottenKey(first));
  bytes.writeUInt32LE(castagnoli(bytes.subarray(0, 8), seed), 8);
  return bytes;
}

/** Reads a range of forgotten entries; undefined where it is damaged. */
export function decodeForgottenRange(
  key: Uint8Array,
  value: Uint8Array,
): SequenceRange | undefined {
  if (value.length !== FORGOTTEN_BYTES) return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const range = { first: sequenceOf(key), last: bytes.readBigUInt64LE(0) };
  return bytes.equals(encodeForgottenRange(range)) ? range : undefined;
}

function keyOf(prefix: number, sequence: bigint): Uint8Array {
  const key = Buffer.alloc(ENTRY_KEY_BYTES);
  key[0] = prefix;
  key.writeBigUInt64BE(sequence, 1);
  return key;
}
