import { checksumOfParts } from "./checksum.js";
import type { Segment } from "./segment.js";
import { SequenceBitmap } from "./sequence-bitmap.js";

const MAGIC = 0x454e_4f47_5058_4f01n;
const VERSION = 1;
const HEADER_BYTES = 64;
const CHECKSUM_AT = 60;
const SUFFIX = ".gone";
const NAME = /^\d{16}\.gone(\.new)?$/;

/** What is known of the forgotten entries of one segment. */
export interface ForgottenSet {
  /** All of them, those that are gone from the file as well. */
  readonly entries: SequenceBitmap;
  /** How many of them are gone from the file: it was rewritten without them. */
  readonly goneCount: number;
}

/** Whether a file notes what is forgotten, or was going to. */
export function isForgottenName(name: string): boolean {
  return NAME.test(name);
}

/** The name of the file beside a segment that notes which of its entries are forgotten. */
export function forgottenName(segment: Pick<Segment, "name">): string {
  return `${segment.name.slice(0, segment.name.indexOf("."))}${SUFFIX}`;
}

/** The bytes of that file. */
export function encodeForgotten(segment: Pick<Segment, "header">, set: ForgottenSet): Uint8Array[] {
  const { bits } = set.entries;
  const { journalId, salt, firstSequence } = segment.header;
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeBigUInt64LE(MAGIC, 0);
  head.writeUInt16LE(VERSION, 8);
  head.writeUInt16LE(HEADER_BYTES, 10);
  head.writeUInt32LE(bits.length, 12);
  head.set(journalId, 16);
  head.set(salt, 32);
  head.writeBigUInt64LE(firstSequence, 40);
  head.writeUInt32LE(set.goneCount, 48);
  head.writeUInt32LE(checksumOfParts([head.subarray(0, CHECKSUM_AT), bits]), CHECKSUM_AT);
  return [head, bits];
}

/** Reads that file's bytes; undefined where they are damaged or of another segment. */
export function decodeForgotten(
  bytes: Uint8Array,
  segment: Pick<Segment, "header">,
): ForgottenSet | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const bits = bytes.slice(HEADER_BYTES);
  const set: ForgottenSet = {
    entries: new SequenceBitmap(segment.header.firstSequence, bits),
    goneCount: head.readUInt32LE(48),
  };
  // The same facts make the same bytes: whatever differs is damage, or another segment's.
  const [expected] = encodeForgotten(segment, set);
  return expected !== undefined && head.equals(expected) ? set : undefined;
}
