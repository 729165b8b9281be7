import { toleranceMsDefault, toleranceMsMax, toleranceMsMin } from "@opendxa/pubsub-connectors";
import { DISK_RESERVE_BYTES } from "@opendxa/pubsub-journal";
import {
  ATTRIBUTE_BYTES_MAX,
  ATTRIBUTES_MAX,
  BATCH_BYTES_MAX,
  BATCH_EVENTS_MAX,
  CORRELATION_KEYS_MAX,
  CREDIT_BYTES_MAX,
  CREDIT_EVENTS_MAX,
  DELIVERY_BYTES_MAX,
  EVENT_BYTES_MAX,
  EVENT_ID_BYTES_MAX,
  FRAME_BATCHES_MAX,
  FRAME_BYTES_MAX,
  FRAMES_IN_FLIGHT_MAX,
  HEARTBEAT_MS_DEFAULT,
  HEARTBEAT_MS_MAX,
  HEARTBEAT_MS_MIN,
  HEARTBEATS_MISSED_MAX,
  NAME_BYTES_MAX,
  NAMES_BYTES_MAX,
  NAMESPACES_MAX,
  ORDERING_KEY_BYTES_MAX,
  PAGE_SIZE_MAX,
  PARTITIONS_MAX,
  PATTERNS_MAX,
  PRODUCER_ID_BYTES,
  SETTLEMENT_EVENTS_MAX,
  SETTLEMENT_ITEMS_MAX,
  SUBSCRIPTIONS_MAX,
  TOPICS_MAX,
} from "@opendxa/pubsub-protocol";

/** Bounds of the broker: name, unit last, and why the number is what it is. */
export const BROKER_LIMITS = {
  /** Namespaces of one broker: each is a journal with its own fsyncs (architecture, Namespaces). */
  namespacesMax: NAMESPACES_MAX,
  /** Webhook endpoints: each needs a route and its secrets in memory. */
  ingressEndpointsMax: 256,
  /** Smallest window around a signed timestamp, milliseconds: the connectors' rule. */
  toleranceMsMin,
  /** Largest window around a signed timestamp, milliseconds: the connectors' rule. */
  toleranceMsMax,
  /** Window around a signed timestamp, milliseconds, where none is configured. */
  toleranceMsDefault,
  /** gRPC connections: below the usual limit of 1,024 open files with room for the journal. */
  connectionsMax: 800,
  /** Streams of one connection: one consumer each; bounds what a single client can hold. */
  streamsPerConnectionMax: 1_000,
  /** HTTP connections: webhooks are few and short. */
  httpConnectionsMax: 200,
  /** Milliseconds for a whole webhook request: providers give up after 5 to 30 s themselves. */
  httpRequestTimeoutMs: 10_000,
  /** Milliseconds between two looks for late requests: Node's own 30 s would treble the timeout. */
  httpTimeoutCheckMs: 500,
  /** Request timeouts of silence after which a connection is closed whose peer takes no answer. */
  httpSilenceTimeouts: 10,
  /** Webhooks between verification and fsync: each holds a body of up to 512 KiB. */
  ingressInFlightMax: 64,
  /** Bytes that stay free on the disk, so that acks, deletes and retention go on: the journal's. */
  diskReserveBytes: DISK_RESERVE_BYTES,
  /** Largest reserve that can be configured, bytes: 1 PiB. */
  diskReserveBytesMost: 2 ** 50,
  /** Shortest retention that can be the longest one, milliseconds: the contract's least. */
  retentionMsMin: 1_000,
  /** Longest retention of a topic, milliseconds: 30 days. */
  retentionMsMax: 30 * 24 * 60 * 60 * 1_000,
  /** Longest retention that can be configured, milliseconds: 100 years. */
  retentionMsMost: 100 * 365 * 24 * 60 * 60 * 1_000,
  /** Seconds that a webhook's sender is asked to wait under overload. */
  retryAfterSeconds: 5,
  /** Milliseconds from SIGTERM to the exit: container runtimes kill after 10 s. */
  shutdownGraceMs: 8_000,
  /** Milliseconds in which ended calls may flush their last messages before connections are cut. */
  lastCallsMs: 500,
  /**
   * Milliseconds that a hard stop waits for calls of the file system, which Node's exit would wait for
   * without end: long for any sync of a disk that answers, short for whoever asked twice.
   */
  hardStopMs: 1_000,
  /** Milliseconds between two looks at them. */
  hardStopPollMs: 10,
  /** Shortest heartbeat, milliseconds: the contract's. */
  heartbeatMsMin: HEARTBEAT_MS_MIN,
  /** Longest heartbeat, milliseconds: the contract's. */
  heartbeatMsMax: HEARTBEAT_MS_MAX,
  /** Heartbeat where the client proposes none, milliseconds: the contract's. */
  heartbeatMsDefault: HEARTBEAT_MS_DEFAULT,
  /** Heartbeats that may be missing before the other side counts as gone: the contract's. */
  heartbeatsMissedMax: HEARTBEATS_MISSED_MAX,
  /** Unacknowledged frames of one publishing stream: the contract's (S-P2). */
  framesInFlightMax: FRAMES_IN_FLIGHT_MAX,
  /** Bytes of a frame: 1 MiB - 4 KiB, the contract's (S-P5); also the least credit of a stream. */
  frameBytesMax: FRAME_BYTES_MAX,
  /** Bytes of any received message: a frame with its request around it, so that ours is the check. */
  messageBytesMax: 1024 * 1024,
  /** Bytes at which the transport itself cuts a message off, before it is in memory in full. */
  transportMessageBytesMax: 4 * 1024 * 1024,
  /** Items of one settlement message: the contract's. */
  settlementItemsMax: SETTLEMENT_ITEMS_MAX,
  /** Bytes of a producer's id: the contract's. */
  producerIdBytes: PRODUCER_ID_BYTES,
  /** Bytes of the HTTP/2 window of one connection at best (measured: twice the rate of 64 KiB). */
  windowBytesMax: 4 * 1024 * 1024,
  /** Bytes of the HTTP/2 window of one connection at least: the protocol's default. */
  windowBytesMin: 65_535,
  /** Bytes of the windows of all connections together: what unread requests may hold. */
  windowBytesTotal: 256 * 1024 * 1024,
  /** Bytes of request headers: tokens and trace context fit, a flood does not. */
  headerBytesMax: 16 * 1024,
  /** Milliseconds of silence after which a connection is pinged. */
  keepaliveMs: 30_000,
  /** Milliseconds that a ping may stay unanswered before the connection is closed. */
  keepaliveTimeoutMs: 20_000,
  /** Threads for file system calls: an fsync blocks one, and every namespace has one in flight. */
  threadPoolSize: 16,
  /** Bytes of one of V8's two semi-spaces: V8's own 16 MiB would hold 24 MiB more of a broker's memory. */
  semiSpaceBytes: 4 * 1024 * 1024,
  /** Bytes of a configuration file. */
  configFileBytesMax: 1024 * 1024,
  /** Bytes of a file that holds a secret. */
  secretFileBytesMax: 4_096,
} as const;

/** Limits that GetBroker states, by name with the unit last. */
export const statedLimits: Readonly<Record<string, number>> = {
  event_bytes_max: EVENT_BYTES_MAX,
  frame_bytes_max: FRAME_BYTES_MAX,
  frame_batches_max: FRAME_BATCHES_MAX,
  frames_in_flight_max: FRAMES_IN_FLIGHT_MAX,
  batch_bytes_max: BATCH_BYTES_MAX,
  batch_events_max: BATCH_EVENTS_MAX,
  names_bytes_max: NAMES_BYTES_MAX,
  event_id_bytes_max: EVENT_ID_BYTES_MAX,
  ordering_key_bytes_max: ORDERING_KEY_BYTES_MAX,
  name_bytes_max: NAME_BYTES_MAX,
  attributes_max: ATTRIBUTES_MAX,
  attribute_bytes_max: ATTRIBUTE_BYTES_MAX,
  partitions_max: PARTITIONS_MAX,
  topics_max: TOPICS_MAX,
  subscriptions_max: SUBSCRIPTIONS_MAX,
  patterns_max: PATTERNS_MAX,
  delivery_bytes_max: DELIVERY_BYTES_MAX,
  credit_bytes_max: CREDIT_BYTES_MAX,
  credit_events_max: CREDIT_EVENTS_MAX,
  settlement_items_max: SETTLEMENT_ITEMS_MAX,
  settlement_events_max: SETTLEMENT_EVENTS_MAX,
  correlation_keys_max: CORRELATION_KEYS_MAX,
  page_size_max: PAGE_SIZE_MAX,
};
