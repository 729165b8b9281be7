import type { SequenceRange } from "./sequence-range.js";

/** One record to append: opaque bytes, in as many parts as the caller has them. */
export interface JournalEntry {
  /**
   * The payload, in order; together at most `entryBytesMax`. They belong to the journal from the
   * call on and must never be changed again: they are neither copied on append nor in its cache.
   */
  readonly parts: readonly Uint8Array[];
}

/** One record as it is read back. */
export interface StoredEntry {
  /** Its number; grows by one with each entry of the journal, the first is 1. */
  readonly sequence: bigint;
  /** The payload's bytes, their checksum verified. May share memory with others: do not change. */
  readonly payload: Uint8Array;
}

/** How sure an entry is when its append resolves. */
export type Durability = "fsync" | "os";

/** Conditions and wishes of an append. */
export interface AppendOptions {
  /**
   * The newest sequence ever assigned must be this one, or nothing is appended (reason
   * `conflict`). Compared at once, in the order of the calls.
   */
  readonly expectedLast?: bigint;
  /**
   * `fsync` (default): resolves when a power cut cannot take it away. `os`: may resolve when the
   * operating system has it; a sync follows within 100 ms.
   */
  readonly durability?: Durability;
}

/** The sequences that an append was given. */
export interface AppendedRange {
  /** Sequence of its first entry. */
  readonly first: bigint;
  /** Sequence of its last entry. */
  readonly last: bigint;
}

/** What to read. */
export interface ReadRange {
  /** First sequence wanted; what is no longer or not there is skipped. */
  readonly from: bigint;
  /** Last sequence wanted; absent: the newest at the time of the call. */
  readonly to?: bigint;
  /** Stop before the payloads exceed this many bytes, but give at least one entry. */
  readonly bytesMax?: number;
}

/** What a journal did to free the space of forgotten entries, since it was opened. */
export interface JournalFigures {
  /** Segments that were replaced by ones without forgotten entries. */
  readonly rewrittenSegments: number;
  /** Bytes written for that, those of attempts that ended early too: write amplification. */
  readonly rewrittenBytes: number;
}

/**
 * An append-only, checksummed sequence of opaque entries: the truth that everything else is a
 * projection of. One owner appends; anybody in the process may read. All methods reject with
 * `JournalError` (a `TypeError` or `RangeError` is a caller's mistake).
 */
export interface Journal {
  /** 16 bytes that name this journal for ever. Do not change them. */
  readonly id: Uint8Array;
  /** Oldest sequence retained, forgotten or not; `lastSequence + 1n` when there is none. */
  readonly firstSequence: bigint;
  /** Newest entry that can be read; 0n when there never was one. */
  readonly lastSequence: bigint;
  /** Bytes that the journal takes on disk, those that it keeps ready for new entries included. */
  readonly bytes: number;
  /** What was done to free space since the journal was opened. */
  readonly figures: JournalFigures;
  /**
   * Appends entries; sequences are assigned at once, in the order of the calls, and the promise
   * resolves when the entries are durable and can be read. Rejects with `overloaded` when too much
   * is queued, `limit_exceeded` when the call itself is too large, `conflict` on `expectedLast`
   * or `full` when no space is left (nothing is assigned in these cases; `full` also rejects all
   * that waits behind it), `failed` when the disk failed (what was stored is then
   * unknown), `closed` after `close`.
   */
  append(entries: readonly JournalEntry[], options?: AppendOptions): Promise<AppendedRange>;
  /** Entries of a range, ascending; holes are skipped. Rejects with `corrupt` on damage. */
  read(range: ReadRange): AsyncIterable<StoredEntry>;
  /** One entry; undefined where there is none (never, not yet, or no longer). */
  readOne(sequence: bigint): Promise<StoredEntry | undefined>;
  /**
   * Lets entries below `sequence` go. Space is freed in whole units of the implementation, so
   * `firstSequence` may stay below; it never goes beyond `sequence`.
   */
  truncateBefore(sequence: bigint): Promise<void>;
  /**
   * Says that entries are not needed any more: from the moment it resolves the journal may lose
   * any of them for good, and may still answer them until it does. What is not forgotten is never
   * touched, and sequences never move. Call it only once that which made them unneeded is durable.
   * Ranges cost by what they touch of the disk's bookkeeping, not by their length; entries that
   * are gone already are passed over. Rejects with `RangeError` for what was never stored or a
   * range that ends before it begins, `limit_exceeded` beyond `forgetRangesMax`, `io_failed` where
   * the bookkeeping cannot be read (any of the ranges may then be forgotten), `failed`, `closed`.
   */
  forget(ranges: readonly SequenceRange[]): Promise<void>;
  /**
   * Says whether the disk is nearly full. While it is, the journal keeps no space ready for new
   * entries, and what it has kept is given back, in the background.
   */
  noteSpace(isLow: boolean): void;
  /** Finishes what was appended and ends; appends and reads reject with `closed` afterwards. */
  close(): Promise<void>;
}
