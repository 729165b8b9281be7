/** A day in milliseconds. */
const DAY_MS = 24 * 60 * 60 * 1000;
const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes of UTF-8 of a topic, pattern, subscription or client name: a name must fit any index key. */
export const NAME_BYTES_MAX = 255;
/** Bytes of UTF-8 of a text in an event's head that states no other limit. */
export const TEXT_BYTES_MAX = 255;
/** Bytes of an event id. */
export const EVENT_ID_BYTES_MAX = 128;
/** Bytes of an ordering key. */
export const ORDERING_KEY_BYTES_MAX = KIB;
/** Bytes of a correlation key. */
export const CORRELATION_KEY_BYTES_MAX = KIB;
/** Characters of the system and of the kind in a correlation key. */
export const CORRELATION_KEY_PART_CHARS_MAX = 64;
/** Bytes of a function name: its topics must stay below NAME_BYTES_MAX. */
export const FUNCTION_NAME_BYTES_MAX = 200;
/** Bytes of an execution id. */
export const EXECUTION_ID_BYTES_MAX = 128;
/** Bytes of a wait id. */
export const WAIT_ID_BYTES_MAX = 128;
/** Bytes of a free-text reason, of a nack or a pause. */
export const REASON_BYTES_MAX = KIB;

/** Attributes of one event. */
export const ATTRIBUTES_MAX = 64;
/** Bytes of an attribute's key, and of its value. */
export const ATTRIBUTE_BYTES_MAX = 255;
/** Bytes of one event, head and body before compression: it must fit a frame beside its batch. */
export const EVENT_BYTES_MAX = 960 * KIB;
/** Events of one batch: positions pack an index in 16 bits. */
export const BATCH_EVENTS_MAX = 65_535;
/** Serialized bytes of one batch: an entry holds it whole. */
export const BATCH_BYTES_MAX = MIB - 4 * KIB;
/** Bytes of the names that one entry's events have in a topic, where they are remembered: one value. */
export const NAMES_BYTES_MAX = 3 * MIB + 512 * KIB;
/** Serialized bytes of one journal entry: the unit of atomicity. */
export const ENTRY_BYTES_MAX = MIB - 4 * KIB;
/** Serialized bytes of one publish frame. */
export const FRAME_BYTES_MAX = MIB - 4 * KIB;
/** Batches of one publish frame. */
export const FRAME_BATCHES_MAX = 256;
/** Unacknowledged frames of one stream: a producer's remembered window must cover them. */
export const FRAMES_IN_FLIGHT_MAX = 64;
/** Bytes of bodies that a reader decompresses at most: a small batch must not fill its memory. */
export const BODIES_RAW_BYTES_MAX = 64 * MIB;
/** Logarithm of the window that a Zstandard frame may ask for: no more than bodies may have. */
export const ZSTD_WINDOW_LOG_MAX = Math.log2(BODIES_RAW_BYTES_MAX);
/** Details of refused events in one batch's result. */
export const REFUSAL_DETAILS_MAX = 100;
/** How far ahead an event may be scheduled, in milliseconds. */
export const DELIVER_AHEAD_MS_MAX = 30 * DAY_MS;

/** Events of a namespace that wait for their deliver time. */
export const SCHEDULED_EVENTS_MAX = 1_000_000;

/** Bytes of a producer id. */
export const PRODUCER_ID_BYTES = 16;
/** Sequence of a producer's last event at most. */
export const PRODUCER_SEQUENCE_MAX = 2n ** 64n - 1n;
/** Batches that are remembered per producer and topic-partition. */
export const PRODUCER_BATCHES_REMEMBERED_MAX = 64;
/** Idle time after which a producer is forgotten, in milliseconds. */
export const PRODUCER_IDLE_MS_MAX = 7 * DAY_MS;
/** Producers that are remembered. */
export const PRODUCERS_MAX = 100_000;

/** Namespaces of one broker. */
export const NAMESPACES_MAX = 16;
/** Topics of a namespace. */
export const TOPICS_MAX = 100_000;
/** Partitions of a topic. */
export const PARTITIONS_MAX = 1_024;
/** Retention of events where a topic states none, in milliseconds. */
export const RETENTION_MS_DEFAULT = 30 * DAY_MS;
/** Window of deduplication, in milliseconds. */
export const DEDUP_WINDOW_MS_MAX = 30 * DAY_MS;
/** Window of deduplication on ingress topics, in milliseconds. */
export const DEDUP_WINDOW_MS_INGRESS = 7 * DAY_MS;
/** Ids that a topic remembers where it states no number. */
export const DEDUP_IDS_DEFAULT = 1_000_000;
/** Ids that a topic may remember. */
export const DEDUP_IDS_MAX = 10_000_000;

/** Subscriptions of a namespace. */
export const SUBSCRIPTIONS_MAX = 10_000;
/** Snapshots of a namespace. */
export const SNAPSHOTS_MAX = 10_000;
/** Runs of settled events above the cursor that one snapshot holds: it is one entry. */
export const SNAPSHOT_RUNS_MAX = 20_000;
/** Topic-partitions of a subscription that were sought by offset. */
export const PARTITION_STARTS_MAX = 64;
/** Shortest life of a subscription without consumers, in milliseconds. */
export const SUBSCRIPTION_EXPIRY_MS_MIN = 1_000;
/** Longest life of a subscription without consumers, in milliseconds. */
export const SUBSCRIPTION_EXPIRY_MS_MAX = 365 * DAY_MS;
/** Blocked ordering keys of one subscription; beyond it nothing new is dispatched. */
export const BLOCKED_KEYS_MAX = 10_000;
/** Patterns of a subscription. */
export const PATTERNS_MAX = 64;
/** Shortest ack deadline, in milliseconds. */
export const ACK_DEADLINE_MS_MIN = 1_000;
/** Longest ack deadline, and longest extension, in milliseconds. */
export const ACK_DEADLINE_MS_MAX = 600_000;
/** Ack deadline where a subscription states none, in milliseconds. */
export const ACK_DEADLINE_MS_DEFAULT = 30_000;
/** Shortest base of the backoff where a subscription states none, in milliseconds. */
export const RETRY_MIN_MS_DEFAULT = 1_000;
/** Longest wait of the backoff where a subscription states none, in milliseconds. */
export const RETRY_MAX_MS_DEFAULT = 600_000;
/** Longest wait before a next attempt, stated by policy or nack, in milliseconds. */
export const RETRY_DELAY_MS_MAX = 7 * DAY_MS;
/** Attempts after which an event may be dead-lettered. */
export const ATTEMPTS_MAX = 1_000;
/** Serialized bytes of one delivery with more than one event. */
export const DELIVERY_BYTES_MAX = 256 * KIB;
/** Outstanding credit of one consumer in serialized bytes. */
export const CREDIT_BYTES_MAX = 64 * MIB;
/** Outstanding credit of one consumer in unsettled events. */
export const CREDIT_EVENTS_MAX = 100_000;
/** Items of one settlement message. */
export const SETTLEMENT_ITEMS_MAX = 1_000;
/** Events that one settlement may name, each as often as it does: a consumer's credit twice over. */
export const SETTLEMENT_EVENTS_MAX = 200_000;
/** Events that one AckAndPublish settles. */
export const ACK_AND_PUBLISH_EVENTS_MAX = 10_000;
/** Deliveries of one Consume call. */
export const CONSUME_DELIVERIES_MAX = 10_000;
/** Longest wait of one Consume call without a delivery, in milliseconds. */
export const CONSUME_WAIT_MS_MAX = 60_000;
/** Wait of one Consume call where it states none, in milliseconds. */
export const CONSUME_WAIT_MS_DEFAULT = 10_000;

/** Heartbeat where neither side proposes one, in milliseconds. */
export const HEARTBEAT_MS_DEFAULT = 5_000;
/** Shortest heartbeat, in milliseconds. */
export const HEARTBEAT_MS_MIN = 1_000;
/** Longest heartbeat, in milliseconds. */
export const HEARTBEAT_MS_MAX = 60_000;
/** Heartbeats of silence after which the other side counts as gone. */
export const HEARTBEATS_MISSED_MAX = 3;

/** Items of one page. */
export const PAGE_SIZE_MAX = 1_000;
/** Items of one page where the request states none. */
export const PAGE_SIZE_DEFAULT = 100;
/** Serialized bytes after which a page of events ends. */
export const PAGE_BYTES_MAX = 4 * MIB;

/** Correlation keys of one execution or one piece of feedback. */
export const CORRELATION_KEYS_MAX = 16;
/** How long feedback is awaited at most, and where nothing else is stated, in milliseconds. */
export const FEEDBACK_DEADLINE_MS_MAX = 30 * DAY_MS;
/** How long an execution's events are kept beyond its deadline, in milliseconds. */
export const EXECUTION_GRACE_MS = 7 * DAY_MS;
/** After so long pending feedback is an orphan, in milliseconds. */
export const PENDING_FEEDBACK_MS_MAX = 30 * DAY_MS;
/** Bytes of a schema's definition. */
export const SCHEMA_BYTES_MAX = 256 * KIB;

/** Characters of an error's text and of each metadata value on the wire: trailers must stay below 8 KiB. */
export const ERROR_TEXT_CHARS_MAX = 1_024;
/** Entries of an error's metadata, and violations, on the wire. */
export const ERROR_DETAILS_MAX = 16;
