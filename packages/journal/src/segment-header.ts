import { castagnoli } from "./checksum.js";

/** Version of the format that this code writes; it reads this one only. */
export const FORMAT_VERSION = 1;
/** Bytes of a segment's header; the first commit lies right behind it. */
export const SEGMENT_HEADER_BYTES = 128;

const MAGIC = 0x3147455350584f01n;
const CHECKSUM_AT = SEGMENT_HEADER_BYTES - 4;
const FLAG_REWRITTEN = 1;
const FLAG_RECYCLED = 2;

/** What a segment says of itself in its first bytes. */
export interface SegmentHeader {
  /** The journal's 16 bytes. */
  readonly journalId: Uint8Array;
  /** 8 random bytes that all commits of this segment repeat. */
  readonly salt: Uint8Array;
  /** Sequence that the first entry has or, while there is none, will have. */
  readonly firstSequence: bigint;
  /** Number of its first commit. */
  readonly firstCommit: bigint;
  /** `firstSequence` of the segment before it; 0 in the first of a journal. */
  readonly previousFirstSequence: bigint;
  /** `firstSequence` of the oldest segment retained when it was made. */
  readonly firstRetained: bigint;
  /**
   * Entries that nobody needed were left out and commits merged: numbers ascend but may skip, and
   * each commit names the one before it as its synced mark.
   */
  readonly isRewritten: boolean;
  /**
   * Written over a file that was dropped: while this is the newest segment, bytes of an earlier life
   * may lie behind its last commit, and an end record says where that is.
   */
  readonly isRecycled: boolean;
}

/** What the first bytes of a file turned out to be. */
export type DecodedSegmentHeader =
  | { readonly kind: "valid"; readonly header: SegmentHeader }
  | { readonly kind: "unsupported"; readonly version: number; readonly flags: number }
  | { readonly kind: "invalid" };

/** The bytes of a segment's header. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.writeBigUInt64LE(MAGIC, 0);
  bytes.writeUInt16LE(FORMAT_VERSION, 8);
  bytes.writeUInt16LE(SEGMENT_HEADER_BYTES, 10);
  bytes.writeUInt32LE(flagsOf(header), 12);
  bytes.set(header.journalId, 16);
  bytes.set(header.salt, 32);
  bytes.writeBigUInt64LE(header.firstSequence, 40);
  bytes.writeBigUInt64LE(header.firstCommit, 48);
  bytes.writeBigUInt64LE(header.previousFirstSequence, 56);
  bytes.writeBigUInt64LE(header.firstRetained, 64);
  bytes.writeUInt32LE(castagnoli(bytes.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return bytes;
}

/** Reads a segment's header from a file's first 128 bytes. */
export function decodeSegmentHeader(bytes: Uint8Array): DecodedSegmentHeader {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES);
  if (view.readBigUInt64LE(0) !== MAGIC) return { kind: "invalid" };
  if (castagnoli(view.subarray(0, CHECKSUM_AT)) !== view.readUInt32LE(CHECKSUM_AT)) {
    return { kind: "invalid" };
  }
  const version = view.readUInt16LE(8);
  const flags = view.readUInt32LE(12);
  // Never both: a rewritten segment is a file of its own.
  if (version !== FORMAT_VERSION || flags > FLAG_RECYCLED) {
    return { kind: "unsupported", version, flags };
  }
  const header: SegmentHeader = {
    journalId: Uint8Array.from(view.subarray(16, 32)),
    salt: Uint8Array.from(view.subarray(32, 40)),
    firstSequence: view.readBigUInt64LE(40),
    firstCommit: view.readBigUInt64LE(48),
    previousFirstSequence: view.readBigUInt64LE(56),
    firstRetained: view.readBigUInt64LE(64),
    isRewritten: flags === FLAG_REWRITTEN,
    isRecycled: flags === FLAG_RECYCLED,
  };
  return { kind: "valid", header };
}

function flagsOf({ isRewritten, isRecycled }: SegmentHeader): number {
  if (isRewritten) return FLAG_REWRITTEN;
  return isRecycled ? FLAG_RECYCLED : 0;
}
