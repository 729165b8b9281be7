const KB = 1_000;
const MB = 1_000 * KB;
const KIB = 1_024;

/** How much the storage scenario writes, in its two sizes. */
export interface StorageSizes {
  /** Time of an append rate, and of the disk's beside it, in milliseconds. */
  readonly appendWindowMs: number;
  /** Single appends of a round. */
  readonly singleAppends: number;
  /** Single appends before these. */
  readonly singleAppendsBefore: number;
  /** Payload bytes that recovery is measured with; the first is what the second is compared with. */
  readonly recoveryBytes: readonly [small: number, large: number];
  /** Payload bytes of the backlog that memory must not depend on. */
  readonly backlogBytes: number;
  /** Payload bytes whose place on disk is counted. */
  readonly diskUseBytes: number;
  /** Payload bytes of compressed documents, before compression. */
  readonly documentBytes: number;
  /** Topics that a checkpoint has to hold. */
  readonly checkpointTopics: number;
  /** Length of a load in which a checkpoint is certain to be written, in milliseconds. */
  readonly checkpointMs: number;
  /** Topics against one. */
  readonly topics: number;
  /** Payload bytes half of which retention lets go. */
  readonly retainedBytes: number;
  /** Length of one measurement of a load, in milliseconds. */
  readonly loadMs: number;
  /** Load before each measurement, in milliseconds. */
  readonly warmUpMs: number;
}

/** What the table of requirements asks for. */
export function fullSizes(measureMs: number): StorageSizes {
  return {
    appendWindowMs: 600,
    singleAppends: 250,
    singleAppendsBefore: 1_000,
    recoveryBytes: [100 * MB, 1_000 * MB],
    backlogBytes: 1_000 * MB,
    diskUseBytes: 256 * MB,
    documentBytes: 128 * MB,
    checkpointTopics: 10_000,
    // The engine writes one after 10 s with work at the latest.
    checkpointMs: 11_000,
    topics: 100_000,
    retainedBytes: 2_000 * MB,
    loadMs: measureMs,
    warmUpMs: 1_000,
  };
}

/** A smoke test: everything runs, nothing can be concluded. */
export const quickSizes: StorageSizes = {
  appendWindowMs: 20,
  singleAppends: 10,
  singleAppendsBefore: 10,
  recoveryBytes: [MB, 2 * MB],
  backlogBytes: 2 * MB,
  diskUseBytes: 2 * MB,
  documentBytes: 2 * MB,
  checkpointTopics: 50,
  checkpointMs: 200,
  topics: 50,
  retainedBytes: 2 * MB,
  loadMs: 200,
  warmUpMs: 50,
};

/** Bytes of an event in every storage figure that does not say otherwise. */
export const EVENT_BYTES = KB;
/** Events of a frame: about 256 KB, what the clients' batches grow to. */
export const FRAME_EVENTS = 250;
/** Unacknowledged frames; more only wait in a queue (decision 0001). */
export const FRAMES_IN_FLIGHT = 16;
/** Sizes of the batches that are appended to a journal alone. */
export const APPEND_BATCH_BYTES = [64 * KIB, 256 * KIB, KIB * KIB] as const;
/** Bytes of an append that is made alone. */
export const SINGLE_APPEND_BYTES = 300;
