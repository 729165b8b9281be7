import { castagnoli, verifyChecksum } from "./checksum.js";
import type { CommitIdentity } from "./commit-header.js";
import { CommitIndex, type IndexPoint } from "./commit-index.js";

/** Bytes at the end of a sealed file that tell where its footer begins. */
export const FOOTER_TRAILER_BYTES = 16;
/** Bytes of a footer before its points. */
export const FOOTER_HEADER_BYTES = 48;

const MAGIC = 0x3152_5446;
const TRAILER_MAGIC = 0x3152_5446_5350_584fn;
const POINT_BYTES = 16;

/** What a sealed segment's footer holds. */
export interface SegmentFooter {
  /** Byte position at which commits end and the footer begins. */
  readonly commitsEnd: number;
  /** Newest sequence assigned when the segment was sealed. */
  readonly lastSequence: bigint;
  /** Number of the last commit. */
  readonly lastCommit: bigint;
  /** Where the commits lie. */
  readonly index: CommitIndex;
}

/** The bytes of a footer. */
export function encodeFooter(identity: CommitIdentity, footer: SegmentFooter): Uint8Array {
  const { points } = footer.index;
  const length = FOOTER_HEADER_BYTES + points.length * POINT_BYTES + FOOTER_TRAILER_BYTES;
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.set(identity.salt, 4);
  bytes.writeUInt32LE(points.length, 12);
  bytes.set(identity.journalId.subarray(0, 8), 16);
  bytes.writeBigUInt64LE(footer.lastSequence, 24);
  bytes.writeBigUInt64LE(footer.lastCommit, 32);
  bytes.writeBigUInt64LE(BigInt(footer.commitsEnd), 40);
  let at = FOOTER_HEADER_BYTES;
  for (const point of points) {
    bytes.writeBigUInt64LE(point.sequence, at);
    bytes.writeBigUInt64LE(BigInt(point.position), at + 8);
    at += POINT_BYTES;
  }
  bytes.writeUInt32LE(length, at);
  bytes.writeUInt32LE(castagnoli(bytes.subarray(0, at)), at + 4);
  bytes.writeBigUInt64LE(TRAILER_MAGIC, at + 8);
  return bytes;
}

/** Bytes of the footer that a file's last 16 bytes end, or undefined if they end none. */
export function measureFooter(trailer: Uint8Array): number | undefined {
  const bytes = Buffer.from(trailer.buffer, trailer.byteOffset, trailer.length);
  if (bytes.readBigUInt64LE(8) !== TRAILER_MAGIC) return undefined;
  const length = bytes.readUInt32LE(0);
  return length < FOOTER_HEADER_BYTES + FOOTER_TRAILER_BYTES ? undefined : length;
}

/** Reads a whole footer; undefined where anything about it is wrong. */
export function decodeFooter(
  footer: Uint8Array,
  identity: CommitIdentity,
): SegmentFooter | undefined {
  const bytes = Buffer.from(footer.buffer, footer.byteOffset, footer.length);
  const at = bytes.length - FOOTER_TRAILER_BYTES;
  if (!startsFooter(bytes, identity)) return undefined;
  if (!verifyChecksum([bytes.subarray(0, at)], bytes.readUInt32LE(at + 4))) return undefined;
  const points: IndexPoint[] = [];
  for (let point = FOOTER_HEADER_BYTES; point < at; point += POINT_BYTES) {
    const position = Number(bytes.readBigUInt64LE(point + 8));
    points.push({ sequence: bytes.readBigUInt64LE(point), position });
  }
  return {
    commitsEnd: Number(bytes.readBigUInt64LE(40)),
    lastSequence: bytes.readBigUInt64LE(24),
    lastCommit: bytes.readBigUInt64LE(32),
    index: new CommitIndex(points),
  };
}

/** Whether bytes begin a footer of this segment. */
export function startsFooter(start: Uint8Array, identity: CommitIdentity): boolean {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.length);
  return (
    bytes.readUInt32LE(0) === MAGIC &&
    bytes.compare(identity.salt, 0, 8, 4, 12) === 0 &&
    bytes.compare(identity.journalId, 0, 8, 16, 24) === 0
  );
}
