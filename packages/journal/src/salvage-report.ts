import type { JournalFault } from "./journal-fault.js";
import { SALVAGE_REPORT_MAX } from "./limits.js";
import type { SequenceRange } from "./sequence-range.js";

/** Sequences that may be lost, in decimal digits: JSON has no 64-bit numbers. */
export interface LostRange {
  /** The first. */
  readonly first: string;
  /** The last, included. */
  readonly last: string;
}

/** A fault that a salvage met; see `JournalFault`. */
export interface SalvageFault {
  /** What is wrong. */
  readonly kind: string;
  /** File name of the segment. */
  readonly segment: string;
  /** Byte position in it. */
  readonly position: number;
  /** Bytes concerned. */
  readonly bytes: number;
  /** A sentence for people. */
  readonly message: string;
}

/** What a salvage kept and what was lost; plain data, to be written as JSON. */
export interface SalvageReport {
  /** The journal's id in hexadecimal digits: the same as before. */
  readonly journalId: string;
  /** Entries that were kept. */
  readonly entries: number;
  /** Bytes of their payloads. */
  readonly bytes: number;
  /** Newest sequence that counts as assigned; the next append is given the one behind it. */
  readonly lastSequence: string;
  /** Entries that may be lost, at most: in a rewritten segment some were forgotten before. */
  readonly lost: readonly LostRange[];
  /** Bytes of the files in which they lay. */
  readonly lostBytes: number;
  /** What was wrong, in the order of the files. */
  readonly faults: readonly SalvageFault[];
  /** Faults and ranges beyond the 10,000 of each that are listed. */
  readonly omitted: number;
}

/** Gathers a report while a salvage goes on, in bounded memory. */
export class SalvageLedger {
  readonly #lost: SequenceRange[] = [];
  readonly #faults: SalvageFault[] = [];
  #entries = 0;
  #bytes = 0;
  #lostBytes = 0;
  #omitted = 0;

  /** Counts an entry that was kept. */
  keep(payload: Uint8Array): void {
    this.#entries += 1;
    this.#bytes += payload.length;
  }

  /** Notes a fault and what it took. */
  note({ kind, segment, position, bytes, message, sequences }: JournalFault): void {
    if (this.#faults.length < SALVAGE_REPORT_MAX) {
      this.#faults.push({ kind, segment, position, bytes, message });
    } else {
      this.#omitted += 1;
    }
    if (sequences === undefined) return;
    this.#lostBytes += bytes;
    const newest = this.#lost.at(-1);
    if (newest !== undefined && newest.last + 1n === sequences.first) {
      this.#lost[this.#lost.length - 1] = { first: newest.first, last: sequences.last };
    } else if (this.#lost.length < SALVAGE_REPORT_MAX) {
      this.#lost.push(sequences);
    } else {
      this.#omitted += 1;
    }
  }

  /** The report. */
  report(journalId: Uint8Array, lastSequence: bigint): SalvageReport {
    return {
      journalId: Buffer.from(journalId).toString("hex"),
      entries: this.#entries,
      bytes: this.#bytes,
      lastSequence: String(lastSequence),
      lost: this.#lost.map(({ first, last }) => ({ first: String(first), last: String(last) })),
      lostBytes: this.#lostBytes,
      faults: this.#faults,
      omitted: this.#omitted,
    };
  }
}
