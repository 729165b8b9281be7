/** What the process that appends to a journal alone is asked to do, once a round. */
export interface AppendTask {
  /** Empty folder on the disk under test. */
  readonly folder: string;
  /** Sizes of the batches that are appended many at a time. */
  readonly batchBytes: readonly number[];
  /** Appends that wait at a time. */
  readonly inFlight: number;
  /** Length of each window in milliseconds; the disk alone has one before and one after each. */
  readonly windowMs: number;
  /** Bytes of the appends that are made one at a time. */
  readonly singleBytes: number;
  /** How many of these. */
  readonly singles: number;
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
  /** By batch size: MB/s of payload, and of the disk alone around it. */
  readonly batches: readonly { readonly journal: number; readonly disk: number }[];
  /** Single appends to the journal. */
  readonly single: SingleTimes;
  /** The same bytes written and synced without a journal, one for each append. */
  readonly bare: SingleTimes;
}
