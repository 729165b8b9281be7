import { checksumOfParts } from "./checksum.js";
import type { TableRow } from "./commit-header.js";
import type { AppendedRange, AppendOptions, JournalEntry } from "./journal.js";
import { JournalError } from "./journal-error.js";
import { checkLimit, ENTRY_OVERHEAD_BYTES, type JournalLimits, SEQUENCE_MAX } from "./limits.js";

/** Entries with sequences, to be written as part of one commit. */
export interface CommitContent extends AppendedRange {
  /** What to write. */
  readonly entries: readonly JournalEntry[];
  /** Its rows of the entry table. */
  readonly rows: readonly TableRow[];
  /** Bytes of the payloads. */
  readonly bytes: number;
  /** Whether it must be synced at once. */
  readonly mustSync: boolean;
}

/** An append whose sequences are assigned and whose bytes are not yet durable. */
export interface PendingAppend extends CommitContent {
  /** Tells the caller that it is done. */
  readonly resolve: (range: AppendedRange) => void;
  /** Tells the caller that it failed. */
  readonly reject: (error: JournalError) => void;
}

/** The appends that wait for the next commit. Assigns the sequences. */
export class AppendQueue {
  readonly #limits: JournalLimits;
  #waiting: PendingAppend[] = [];
  #taken = 0;
  #queuedBytes = 0;
  #lastAssigned: bigint;

  /** `lastAssigned`: the newest sequence ever assigned. */
  constructor(limits: JournalLimits, lastAssigned: bigint) {
    this.#limits = limits;
    this.#lastAssigned = lastAssigned;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#taken === this.#waiting.length;
  }

  /** Checks an append, assigns its sequences and lets it wait. Throws what `append` rejects with. */
  add(
    entries: readonly JournalEntry[],
    options: AppendOptions,
    settle: Pick<PendingAppend, "resolve" | "reject">,
  ): void {
    const bytes = this.#measure(entries);
    const queuedBytes = this.#queuedBytes + bytes + entries.length * ENTRY_OVERHEAD_BYTES;
    this.#checkExpected(options.expectedLast);
    if (queuedBytes > this.#limits.queuedBytesMax) {
      const max = this.#limits.queuedBytesMax;
      throw new JournalError("overloaded", `More than queuedBytesMax (${max}) would be queued`, {
        details: { limit: "queuedBytesMax", max, actual: queuedBytes },
      });
    }
    const first = this.#lastAssigned + 1n;
    const last = this.#lastAssigned + BigInt(entries.length);
    if (last > SEQUENCE_MAX) {
      const details = { limit: "SEQUENCE_MAX", max: SEQUENCE_MAX, actual: last };
      throw new JournalError("limit_exceeded", "The journal is out of sequences", { details });
    }
    this.#queuedBytes = queuedBytes;
    this.#lastAssigned = last;
    const mustSync = options.durability !== "os";
    const rows = rowsOf(entries, first);
    this.#waiting.push({ entries, rows, bytes, mustSync, first, last, ...settle });
  }

  /** Takes the appends of the next commit: as many as fit, at least one if any waits. */
  take(): PendingAppend[] {
    const batch: PendingAppend[] = [];
    let bytes = 0;
    let count = 0;
    for (; this.#taken < this.#waiting.length; this.#taken += 1) {
      const append = this.#waiting[this.#taken];
      if (append === undefined) break;
      bytes += append.bytes;
      count += append.entries.length;
      const isFull = bytes > this.#limits.commitBytesMax || count > this.#limits.commitEntriesMax;
      if (isFull && batch.length > 0) break;
      batch.push(append);
    }
    if (this.#taken * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#taken);
      this.#taken = 0;
    }
    return batch;
  }

  /** Gives up everything that is queued, taken or not, as if nothing had been assigned to it. */
  reset(lastAssigned: bigint): PendingAppend[] {
    const waiting = this.#waiting.slice(this.#taken);
    this.#waiting = [];
    this.#taken = 0;
    this.#queuedBytes = 0;
    this.#lastAssigned = lastAssigned;
    return waiting;
  }

  /** Notes that appends which were taken are settled and hold no memory any more. */
  release(batch: readonly PendingAppend[]): void {
    for (const append of batch) {
      this.#queuedBytes -= append.bytes + append.entries.length * ENTRY_OVERHEAD_BYTES;
    }
  }

  #measure(entries: readonly JournalEntry[]): number {
    if (entries.length === 0) throw new TypeError("an append has at least one entry");
    checkLimit(this.#limits, "commitEntriesMax", entries.length);
    let bytes = 0;
    for (const entry of entries) {
      let entryBytes = 0;
      for (const part of entry.parts) entryBytes += part.length;
      checkLimit(this.#limits, "entryBytesMax", entryBytes);
      bytes += entryBytes;
    }
    checkLimit(this.#limits, "commitBytesMax", bytes);
    return bytes;
  }

  #checkExpected(expectedLast: bigint | undefined): void {
    const actual = this.#lastAssigned;
    if (expectedLast === undefined || expectedLast === actual) return;
    throw new JournalError("conflict", `Expected last sequence ${expectedLast}, it is ${actual}`, {
      details: { expectedLast, actual },
    });
  }
}

/** Checksums are taken here, while the disk works on the commit before. */
function rowsOf(entries: readonly JournalEntry[], first: bigint): TableRow[] {
  let sequence = first;
  return entries.map(({ parts }) => {
    let length = 0;
    for (const part of parts) length += part.length;
    const row = { sequence, length, checksum: checksumOfParts(parts) };
    sequence += 1n;
    return row;
  });
}
