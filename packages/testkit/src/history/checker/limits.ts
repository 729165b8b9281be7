const MIB = 1024 * 1024;

/** Version of the format that this checker reads: `docs/internals/history-format.md`. */
export const FORMAT_VERSION = 1;
/**
 * Bytes of history that are judged at a time. A bucket holds whole keys, so memory is bounded by about thirty
 * times this (measured: text, parsed records and what is not yet collected) or by the largest key.
 */
export const BUCKET_BYTES = 16 * MIB;
/** Buckets at most: each is an open file while the history is spread over them. */
export const BUCKETS_MAX = 512;
/** Bytes that wait in memory for a bucket's file. */
export const BUCKET_BUFFER_BYTES = 128 * 1024;
/** Longest line of a history, in characters: an event's names are bounded far below by the contract. */
export const LINE_LENGTH_MAX = 64 * 1024;
/** Records of processes, kills, streams, operators and acks with outputs that are kept in memory for a whole run. */
export const FACTS_MAX = 1_000_000;
/** Violations that are kept; the rest is only counted. */
export const VIOLATIONS_KEPT_MAX = 1_000;
/**
 * Milliseconds by which two clock readings of one machine may be out of order: both are whole
 * milliseconds, and a broker reads its clock once for what it does at a time.
 */
export const CLOCK_SLACK_MS = 20;
/** Milliseconds after which a client has surely noticed that its stream is gone: three heartbeats of 5 s and some more. */
export const LOSS_NOTICED_MS = 20_000;
/** Violations of one rule that are printed. */
export const VIOLATIONS_PRINTED_MAX = 10;
