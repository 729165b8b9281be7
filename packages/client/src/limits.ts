import {
  CREDIT_BYTES_MAX,
  CREDIT_EVENTS_MAX,
  FRAME_BYTES_MAX,
  FRAMES_IN_FLIGHT_MAX,
  PRODUCER_BATCHES_REMEMBERED_MAX,
} from "@opendxa/pubsub-protocol";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Frames that are sent at once, however small: two hide the round trip, four the fsync (measured). */
export const EAGER_FRAMES = 4;
/** Bytes that an open frame collects before it is sent although EAGER_FRAMES are unacknowledged. */
export const FRAME_BYTES_TARGET = 256 * KIB;
/** Unacknowledged frames of one stream where the broker names no number: the contract's. */
export const FRAMES_IN_FLIGHT_DEFAULT = FRAMES_IN_FLIGHT_MAX;
/** Bytes that a batch adds to its events: names, producer, checksums, framing; from above. */
export const BATCH_OVERHEAD_BYTES = 1_024;
/**
 * Unacknowledged batches of one topic-partition. The broker remembers twice as many of a producer, and what
 * goes to partitions in turn may meet there what a key sent.
 */
export const PLACE_BATCHES_MAX = PRODUCER_BATCHES_REMEMBERED_MAX / 2;
/** Unacknowledged bytes of one client where its options name none: four times the broker's credit. */
export const UNACKED_BYTES_DEFAULT = 16 * MIB;
/** Least unacknowledged bytes that may be chosen: one frame of the largest size must fit. */
export const UNACKED_BYTES_MIN = FRAME_BYTES_MAX;
/** Milliseconds until a publish gives up where the options name none. */
export const PUBLISH_TIMEOUT_MS_DEFAULT = 60_000;
/** Milliseconds between two looks for publishes whose time is over. */
export const PUBLISH_SWEEP_MS = 250;
/** Topics whose number of partitions is remembered: beyond it the oldest is asked again. */
export const TOPICS_REMEMBERED_MAX = 10_000;

/** Longest timeout, in milliseconds: a timer of Node's rings at once beyond it. */
export const TIMEOUT_MS_MAX = 2 ** 31 - 1;
/** Milliseconds until a single request gives up where the options name none. */
export const REQUEST_TIMEOUT_MS_DEFAULT = 30_000;
/** Milliseconds that `connect` waits for a broker where the options name none. */
export const CONNECT_TIMEOUT_MS_DEFAULT = 10_000;
/** Milliseconds that a stream may take to be opened; then it counts as lost and is tried again. */
export const STREAM_OPEN_TIMEOUT_MS = 10_000;
/** Milliseconds that `close` waits for what is under way where the options name none. */
export const CLOSE_TIMEOUT_MS_DEFAULT = 30_000;

/** Shortest base of the backoff between attempts to connect, in milliseconds. */
export const BACKOFF_MS_MIN = 50;
/** Longest wait between attempts to connect, in milliseconds: a restart must not be noticed late. */
export const BACKOFF_MS_MAX = 2_000;
/** Failures in a row after which the circuit opens and calls fail without touching the network. */
export const BREAKER_FAILURES = 8;
/** Milliseconds that the circuit stays open before one call may try again. */
export const BREAKER_OPEN_MS = 1_000;

/** HTTP/2 window of streams and session, in bytes: measured twice the rate of the default 64 KiB. */
export const WINDOW_BYTES = 4 * MIB;
/** Largest message that is accepted, in bytes: a page of 4 MiB with room for its last event. */
export const MESSAGE_BYTES_MAX = 8 * MIB;
/** Silence after which the connection is pinged, in milliseconds: streams without heartbeats. */
export const KEEPALIVE_MS = 10_000;
/** Milliseconds that a ping may stay unanswered. */
export const KEEPALIVE_TIMEOUT_MS = 5_000;

/** Credit of a subscription in bytes where its options name none. */
export const CREDIT_BYTES_DEFAULT = 4 * MIB;
/** Least credit in bytes: half of it, which may be away, must still admit one delivery. */
export const CREDIT_BYTES_MIN = 2 * MIB;
/** Largest credit in bytes: the contract's. */
export const CREDIT_BYTES_LIMIT = CREDIT_BYTES_MAX;
/** Credit of a subscription in unsettled events where its options name none. */
export const CREDIT_EVENTS_DEFAULT = 1_000;
/** Largest credit in unsettled events: the contract's. */
export const CREDIT_EVENTS_LIMIT = CREDIT_EVENTS_MAX;
/** Handlers of one subscription that may run at a time. */
export const CONCURRENCY_MAX = 1_000;
/** How long an event's lease is prolonged where the options name nothing, in milliseconds. */
export const LEASE_HELD_MS_DEFAULT = 600_000;
/** Extensions of one lease fall due this often within its ack deadline: one may be lost. */
export const EXTENSIONS_PER_DEADLINE = 3;
