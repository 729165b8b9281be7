import { castagnoli, type Verify } from "./checksum.js";

/** Bytes of a commit's header before its entry table. */
export const COMMIT_HEADER_BYTES = 64;
/** Bytes of one row of the entry table. */
export const TABLE_ROW_BYTES = 16;

const MAGIC = 0x3154_4d43;
const CHECKSUM_AT = 60;

/** What tells the commits of one segment from any other bytes. */
export interface CommitIdentity {
  /** The segment's salt, 8 bytes. */
  readonly salt: Uint8Array;
  /** The journal's id; a commit carries its first 8 bytes. */
  readonly journalId: Uint8Array;
}

/** The numbers in a commit's header. */
export interface CommitFacts {
  /** One more with every commit of a journal. */
  readonly number: bigint;
  /** Newest commit known to be synced when this one was written; 0 for none. */
  readonly syncedMark: bigint;
  /** Newest sequence assigned up to and with this commit. */
  readonly lastSequence: bigint;
  /** `firstSequence` of the oldest segment retained. */
  readonly firstRetained: bigint;
}

/** One row of the entry table. */
export interface TableRow {
  /** The entry's sequence. */
  readonly sequence: bigint;
  /** Bytes of its payload. */
  readonly length: number;
  /** CRC-32C of its payload. */
  readonly checksum: number;
}

/** The first bytes that every commit of a segment begins with, to search for. */
export function commitPrefix(identity: CommitIdentity): Uint8Array {
  const prefix = Buffer.alloc(12);
  prefix.writeUInt32LE(MAGIC, 0);
  prefix.set(identity.salt, 4);
  return prefix;
}

/** The bytes of a commit's header with its entry table. */
export function encodeCommitHead(
  identity: CommitIdentity,
  facts: CommitFacts,
  rows: readonly TableRow[],
): Uint8Array {
  const headBytes = COMMIT_HEADER_BYTES + rows.length * TABLE_ROW_BYTES;
  const head = Buffer.allocUnsafe(headBytes);
  let totalBytes = headBytes;
  let at = COMMIT_HEADER_BYTES;
  for (const row of rows) {
    head.writeBigUInt64LE(row.sequence, at);
    head.writeUInt32LE(row.length, at + 8);
    head.writeUInt32LE(row.checksum, at + 12);
    totalBytes += row.length;
    at += TABLE_ROW_BYTES;
  }
  head.writeUInt32LE(MAGIC, 0);
  head.set(identity.salt, 4);
  head.writeUInt32LE(totalBytes, 12);
  head.set(identity.journalId.subarray(0, 8), 16);
  head.writeBigUInt64LE(facts.number, 24);
  head.writeBigUInt64LE(facts.syncedMark, 32);
  head.writeBigUInt64LE(facts.lastSequence, 40);
  head.writeBigUInt64LE(facts.firstRetained, 48);
  head.writeUInt32LE(rows.length, 56);
  const fixed = castagnoli(head.subarray(0, CHECKSUM_AT));
  head.writeUInt32LE(castagnoli(head.subarray(COMMIT_HEADER_BYTES), fixed), CHECKSUM_AT);
  return head;
}

/** A view of a commit's header and entry table in a buffer that was read. */
export class CommitHead implements CommitFacts {
  readonly #head: Buffer;

  /** `head`: exactly `headBytes` of the commit, already recognised by `measureCommit`. */
  constructor(head: Uint8Array) {
    this.#head = Buffer.from(head.buffer, head.byteOffset, head.length);
  }

  /** Bytes of the whole commit. */
  get bytes(): number {
    return this.#head.readUInt32LE(12);
  }
  /** Bytes of header and entry table. */
  get headBytes(): number {
    return this.#head.length;
  }
  /** See {@link CommitFacts.number}. */
  get number(): bigint {
    return this.#head.readBigUInt64LE(24);
  }
  /** See {@link CommitFacts.syncedMark}. */
  get syncedMark(): bigint {
    return this.#head.readBigUInt64LE(32);
  }
  /** See {@link CommitFacts.lastSequence}. */
  get lastSequence(): bigint {
    return this.#head.readBigUInt64LE(40);
  }
  /** See {@link CommitFacts.firstRetained}. */
  get firstRetained(): bigint {
    return this.#head.readBigUInt64LE(48);
  }
  /** Rows of the entry table. */
  get entryCount(): number {
    return this.#head.readUInt32LE(56);
  }

  /** Sequence of an entry. */
  sequence(row: number): bigint {
    return this.#head.readBigUInt64LE(COMMIT_HEADER_BYTES + row * TABLE_ROW_BYTES);
  }
  /** Bytes of an entry's payload. */
  length(row: number): number {
    return this.#head.readUInt32LE(COMMIT_HEADER_BYTES + row * TABLE_ROW_BYTES + 8);
  }
  /** CRC-32C of an entry's payload. */
  checksum(row: number): number {
    return this.#head.readUInt32LE(COMMIT_HEADER_BYTES + row * TABLE_ROW_BYTES + 12);
  }

  /** Whether the checksum over header and table fits, and the lengths add up to the whole. */
  isValid(verify: Verify): boolean {
    const head = this.#head;
    const covered = [head.subarray(0, CHECKSUM_AT), head.subarray(COMMIT_HEADER_BYTES)];
    if (!verify(covered, head.readUInt32LE(CHECKSUM_AT))) return false;
    let bytes = this.headBytes;
    for (let row = 0; row < this.entryCount; row += 1) bytes += this.length(row);
    return bytes === this.bytes;
  }
}

/** Bytes of header and table of the commit that `fixed` begins, or undefined if it begins none. */
export function measureCommit(fixed: Uint8Array, identity: CommitIdentity): number | undefined {
  const head = Buffer.from(fixed.buffer, fixed.byteOffset, fixed.length);
  if (head.readUInt32LE(0) !== MAGIC) return undefined;
  if (head.compare(identity.salt, 0, 8, 4, 12) !== 0) return undefined;
  if (head.compare(identity.journalId, 0, 8, 16, 24) !== 0) return undefined;
  const headBytes = COMMIT_HEADER_BYTES + head.readUInt32LE(56) * TABLE_ROW_BYTES;
  return headBytes <= head.readUInt32LE(12) ? headBytes : undefined;
}
