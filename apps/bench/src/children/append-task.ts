import type { JournalKind } from "@opendxa/pubsub-journal";

/** What the process that appends to a journal alone is asked to do, once a round. */
export interface AppendTask {
  /** Which implementation of the journal. */
  readonly kind: JournalKind;
  /** Empty folder on the disk under test. */
  readonly folder: string;
  /** Sizes of the batches that are appended many at a time. */
  readonly batchBytes: readonly number[];
  /** Appends that wait at a time. */
  readonly inFlight: number;
  /** Time of each batch size and of the disk alone beside it, in milliseconds, cut into slices. */
  readonly windowMs: number;
  /** Bytes of the appends that are made one at a time. */
  readonly singleBytes: number;
  /** How many of these. */
  readonly singles: number;
  /** How many before them are not measured: compiled code, as in a broker that has run a while. */
  readonly singlesBefore: number;
}

/** Appends of one size, many at a time, and the disk alone in slices between them. */
export interface AppendedBatches {
  /** MB/s of payload. */
  readonly journal: number;
  /** MB/s of the disk alone. */
  readonly disk: number;
  /**
   * Share of the journal's time in which the disk neither writes nor syncs: the journal's own. Of
   * LevelDB, which writes by itself, it says nothing.
   */
  readonly ownShare: number;
}

/** Times of one kind of single write, in milliseconds. */
export interface SingleTimes {
  /** Median of the whole. */
  readonly p50: number;
  /** 99th percentile of the whole. */
  readonly p99: number;
  /** Mean of the whole. */
  readonly mean: number;
  /** Mean of the write alone. */
  readonly writeMean: number;
  /** Mean of the fdatasync alone. */
  readonly syncMean: number;
}

/** One round of appends. */
export interface Appended {
  /** By batch size. */
  readonly batches: readonly AppendedBatches[];
  /** Single appends to the journal. */
  readonly single: SingleTimes;
  /** The same bytes written and synced without a journal, one for each append. */
  readonly bare: SingleTimes;
}
