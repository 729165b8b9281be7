import { CORRELATION_KEYS_MAX } from "@opendxa/pubsub-protocol";

const dayMs = 24 * 60 * 60 * 1_000;

/** How long a repetition of received feedback is known, milliseconds: as for webhook ingress (S-P3). */
export const receivedMs = 7 * dayMs;

/**
 * Executions that own a correlation key at a time: one piece of feedback reaches all of them in one
 * entry. One more is refused a key that it names and goes without that of its correlation id.
 */
export const executionsPerKeyMax = 64;

/** Keys that feedback carries: those of its sender, and for each correlation id that of an execution. */
export const carriedKeysMax = 2 * CORRELATION_KEYS_MAX;

/** Pending feedback kept under one correlation key; more is an orphan unless another key has room. */
export const pendingPerKeyMax = 1_000;

/** Open waits of one execution: one match ends all of them in one entry. */
export const waitsPerExecutionMax = 64;

/** Positions of feedback remembered with an execution; `feedback_received` goes on counting. */
export const feedbackPositionsMax = 1_000;

/** Pieces of pending feedback matched by one entry; a timer takes up the rest at once. */
export const pendingPerEntryMax = 64;

/** JSON bytes of pending feedback matched by one entry: leaves room for heads and records. */
export const pendingBytesPerEntryMax = 384 * 1024;

/** Timers that one entry fires: about 1 KiB of `feedback.expired` and record each. */
export const timersPerEntryMax = 256;

/** JSON bytes of one piece of feedback: 8 of them fit an entry beside the largest raw body. */
export const feedbackBytesMax = 48 * 1024;

/** Bytes of a webhook's raw body: half an entry, so that feedback and records fit beside it. */
export const rawBodyBytesMax = 512 * 1024;

/** UTF-16 units of the reason why feedback carries a key; it is a sentence. */
export const becauseCharsMax = 255;

/** Connector memory entries changed by one external event. */
export const memoryWritesMax = 64;

/** Bytes of a connector memory key: that of a correlation key. */
export const memoryKeyBytesMax = 1_024;

/** Bytes of all connector memory values written by one external event. */
export const memoryBytesMax = 64 * 1024;

/** UTF-16 units that remain of comments when feedback is trimmed to fit an entry. */
export const trimmedCommentCharsMax = 1_000;

/** Metrics that remain when feedback is trimmed to fit an entry. */
export const trimmedMetricsMax = 16;
