import type { CommitIdentity } from "./commit-header.js";

/** Bytes of an end record: at most a commit's header, so that the next commit covers it whole. */
export const END_RECORD_BYTES = 32;

const MAGIC = 0x3144_4e45;

/**
 * What a recycled segment has behind its last commit, so that its end is told from damage although
 * bytes of an earlier life follow. Zeros would not do: a page that lost its bytes is zeros, too.
 * `nextCommit` is the number of the commit that will be written over it; `length` is with zeros.
 */
export function encodeEndRecord(
  identity: CommitIdentity,
  nextCommit: bigint,
  length = END_RECORD_BYTES,
): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.set(identity.salt, 4);
  bytes.set(identity.journalId.subarray(0, 8), 16);
  bytes.writeBigUInt64LE(nextCommit, 24);
  return bytes;
}

/** Whether bytes are the end record that stands where a commit would be; every bit counts. */
export function isEndRecord(
  bytes: Uint8Array,
  identity: CommitIdentity,
  nextCommit: bigint,
): boolean {
  return encodeEndRecord(identity, nextCommit).equals(bytes);
}
