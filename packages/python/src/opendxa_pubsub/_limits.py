"""Every bound of this package: name, unit, reason."""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

UINT32_MAX: Final = 2**32 - 1
"""Largest number of a field of 32 bits."""
UINT64_MAX: Final = 2**64 - 1
"""Largest number of a field of 64 bits."""
INT64_MIN: Final = -(2**63)
"""Smallest number of a signed field of 64 bits, such as a time."""
INT64_MAX: Final = 2**63 - 1
"""Largest number of a signed field of 64 bits."""

BATCH_EVENTS_MAX: Final = 65_535
"""Events of one batch: positions pack an index in 16 bits."""
BATCH_BYTES_MAX: Final = MIB - 4 * KIB
"""Serialized bytes of one batch: a journal entry holds it whole."""
EVENT_BYTES_MAX: Final = 960 * KIB
"""Bytes of one event, head and body before compression: it must fit a frame beside its batch."""
FRAME_BYTES_MAX: Final = MIB - 4 * KIB
"""Serialized bytes of one publish frame."""
FRAME_BATCHES_MAX: Final = 256
"""Batches of one publish frame."""
FRAMES_IN_FLIGHT_MAX: Final = 64
"""Unacknowledged frames of a stream: the broker remembers as many batches of a producer."""
FRAMES_AT_ONCE_MAX: Final = 4
"""Below so many unacknowledged frames events are sent at once; from then on they are coalesced."""
FRAME_BYTES_TARGET: Final = 256 * KIB
"""Bytes of a coalesced frame: larger ones gain nothing and delay those behind them."""
BUFFER_BYTES_MAX: Final = 32 * MIB
"""Bytes of events of one client that wait or are unacknowledged: publishing waits beyond it."""
BUFFER_EVENTS_MAX: Final = 1_000_000
"""Events of one client that are not acknowledged: small ones cost memory beside their bytes."""
BODIES_RAW_BYTES_MAX: Final = 64 * MIB
"""Bytes of bodies that a reader decompresses at most: a small batch must not fill its memory."""
ZSTD_WINDOW_LOG_MAX: Final = BODIES_RAW_BYTES_MAX.bit_length() - 1
"""Logarithm of the window that a Zstandard frame may ask for: no more than bodies may have."""

EVENT_ID_BYTES_MAX: Final = 128
"""Bytes of an event id."""
TEXT_BYTES_MAX: Final = 255
"""Bytes of a text of an event that states no other limit."""
CLIENT_NAME_BYTES_MAX: Final = 255
"""Bytes of a client's name: the broker refuses every stream of a longer one."""
ORDERING_KEY_BYTES_MAX: Final = KIB
"""Bytes of an ordering key."""
ATTRIBUTES_MAX: Final = 64
"""Attributes of one event."""
ATTRIBUTE_BYTES_MAX: Final = 255
"""Bytes of an attribute's key, and of its value."""
NESTING_MAX: Final = 100
"""Levels of nested values in an event's data: deeper ones are a cycle or break other readers."""
CONTEXT_NESTING_MAX: Final = 32
"""Levels of nested values in feedback's context: protobuf reads 100 of messages, a mapping is 3."""
PRODUCER_ID_BYTES: Final = 16
"""Bytes of a producer id."""
TOPICS_CACHED_MAX: Final = 10_000
"""Topics whose partitions and sequences a client remembers; one client serves no more."""

REASON_BYTES_MAX: Final = KIB
"""Bytes of a nack's reason."""
NACK_DELAY_MS_MAX: Final = 604_800_000
"""Longest wait that a nack asks for, in milliseconds: 7 days; the broker ends a stream beyond."""
EXTENSION_MS_MAX: Final = 600_000
"""Longest deadline that a lease gets, in milliseconds; the broker ends a stream beyond."""
CREDIT_BYTES_DEFAULT: Final = 4 * MIB
"""Bytes of deliveries that a subscription takes ahead of its consumer."""
CREDIT_EVENTS_DEFAULT: Final = 1_000
"""Unsettled events that a subscription holds where the caller states no number."""
CREDIT_EVENTS_MAX: Final = 100_000
"""Unsettled events that a subscription may hold."""
SETTLEMENT_ITEMS_MAX: Final = 1_000
"""Ranges of events in one settlement message: the broker ends a stream beyond."""
LEASE_KEPT_MS_MAX: Final = 600_000
"""How long a lease is extended for events that wait behind a slow handler, in milliseconds."""
SUBSCRIPTIONS_MAX: Final = 1_000
"""Subscriptions of one client: each has a stream and a thread."""

OWN_SUBSCRIPTION_EXPIRY_MS: Final = 3_600_000
"""How long a subscription that nobody named outlives a program that was killed, in milliseconds."""

HEARTBEAT_MS_DEFAULT: Final = 5_000
"""Heartbeat that streams propose, in milliseconds."""
HEARTBEATS_MISSED_MAX: Final = 3
"""Heartbeats of silence after which the broker counts as gone."""
KEEPALIVE_MS: Final = 10_000
"""Silence after which a connection is pinged, in milliseconds."""
KEEPALIVE_TIMEOUT_MS: Final = 5_000
"""Longest wait for an answer to such a ping, in milliseconds."""
PING_TIMEOUT_MS: Final = HEARTBEATS_MISSED_MAX * HEARTBEAT_MS_DEFAULT
"""Longest wait for an answer to gRPC's own pings, in milliseconds: none other is sent meanwhile."""
BACKOFF_MS_MIN: Final = 50
"""Base of the reconnecting backoff, in milliseconds."""
BACKOFF_MS_MAX: Final = 1_000
"""Longest wait before a reconnection, in milliseconds: a restarted broker is found within it."""
SECONDS_MAX: Final = 1_000_000_000
"""Longest time that a caller may state, in seconds, 31 years: clocks overflow at 292."""
TIMEOUT_S_DEFAULT: Final = 30.0
"""Wait for an answer where the caller states none, in seconds."""
CLOSE_S_MAX: Final = 10.0
"""Wait for outstanding acknowledgements when a client is closed, in seconds."""
MESSAGE_BYTES_MAX: Final = 16 * MIB
"""Bytes of one received message: a page of events is at most 4 MiB and one event."""
PAGE_SIZE: Final = 500
"""Items that are asked for at once when a list is read page by page."""
CORRELATION_KEYS_MAX: Final = 16
"""Correlation keys of one execution or one piece of feedback."""
