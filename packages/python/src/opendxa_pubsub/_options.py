"""What can be stated when publishing and subscribing."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypedDict

from opendxa_pubsub._arguments import known_options, whole
from opendxa_pubsub._checksum import partition_for_key
from opendxa_pubsub._errors import pubsub_error
from opendxa_pubsub._limits import EVENT_BYTES_MAX, INT64_MAX, INT64_MIN, UINT32_MAX
from opendxa_pubsub._outgoing_event import EventMetadata, check_event, encode_body
from opendxa_pubsub._pending_event import PendingEvent, Settle
from opendxa_pubsub._publishable import Publishable, outgoing_event
from opendxa_pubsub._requests import priority_number


class PublishOptions(TypedDict, total=False):
    """Fields of the envelope, as in ``OutgoingEvent``, and how the event is sent.

    None is as not stated, so that what an input has may be handed on to an output.

    Attributes:
        type: What happened, dotted. Default: ``feedback`` and ``learning`` for those, else
            ``json``, ``text`` or ``bytes`` by the payload.
        id: Identifies the event together with its source.
        source: Who it is from.
        subject: What it is about.
        time_unix_ns: When it happened, nanoseconds since the Unix epoch.
        correlation_id: Binds what belongs to one piece of work; feedback has its execution id.
        causation_id: Id of the event that caused it.
        ordering_key: Events of one key are kept in order.
        expire_time_unix_ms: From then on it is not delivered.
        data_content_type: Media type of the payload.
        data_schema: URI of the payload's schema.
        metadata: Where it was made.
        attributes: Free attributes.
        traceparent: W3C trace context.
        tracestate: W3C trace state.
        priority: ``high``, ``normal`` or ``low``.
        partition: Partition; default: by the ordering key, else in turn.
        deliver_time_unix_ms: When it becomes deliverable, at most 30 days ahead.
    """

    type: str | None
    id: str | None
    source: str | None
    subject: str | None
    time_unix_ns: int | None
    correlation_id: str | None
    causation_id: str | None
    ordering_key: str | None
    expire_time_unix_ms: int | None
    data_content_type: str | None
    data_schema: str | None
    metadata: EventMetadata | None
    attributes: Mapping[str, str] | None
    traceparent: str | None
    tracestate: str | None
    priority: str | None
    partition: int | None
    deliver_time_unix_ms: int | None


class ChangeableTopicSettings(TypedDict, total=False):
    """Settings of a topic that may change, as for ``create_topic``."""

    dedup_window_ms: int
    dedup_ids_max: int
    retention_ms: int
    retention_bytes: int
    durability: str | None


class ChangeableSubscriptionSettings(TypedDict, total=False):
    """Settings of a subscription that may change, as for ``subscribe``.

    Of ``retry_min_ms`` and ``retry_max_ms`` one that is not given takes the broker's default.
    """

    ack_deadline_ms: int
    attempts_max: int
    retry_min_ms: int
    retry_max_ms: int
    dead_letter_topic: str
    expiry_ms: int


class SubscriptionOptions(TypedDict, total=False):
    """Settings of a subscription and of its consumer.

    Attributes:
        start: ``latest`` (the default), ``earliest``, or milliseconds since the Unix epoch.
        ack_deadline_ms: How long an event may be kept, 1,000 to 600,000; 0: 30,000. With a handler
            leases are extended by themselves for up to ten minutes.
        attempts_max: Attempts after which an event is dead-lettered; 0: no bound.
        retry_min_ms: Shortest base of the backoff between attempts; 0: 1,000.
        retry_max_ms: Longest wait between attempts; 0: 600,000.
        dead_letter_topic: Topic of dead letters, which must exist with one partition and match
            none of the topics; empty: ``$dead-letter/<subscription>``.
        expiry_ms: The subscription is deleted after so long without a consumer, 1,000 to 365 days;
            0: never.
        ordered: Events of one ordering key come strictly in order; one that failed is tried
            alone, those behind it come once it is settled.
        ephemeral: The subscription has no name of its own and ends with its stream; after a lost
            connection it begins anew, so that events in between may be missed.
        max_outstanding: Unsettled events that this consumer holds, at most 100,000; default 1,000.
    """

    start: str | int
    ack_deadline_ms: int
    attempts_max: int
    retry_min_ms: int
    retry_max_ms: int
    dead_letter_topic: str
    expiry_ms: int
    ordered: bool
    ephemeral: bool
    max_outstanding: int


def pending_event(
    topic: str,
    partitions: int,
    given: Publishable,
    options: Mapping[str, Any],
    source: str | None,
    settle: Settle,
) -> PendingEvent:
    """Makes what was given ready to be packed: checked, encoded, with its partition.

    Raises:
        PubSubInvalidError: It breaks a rule.
    """
    known_options(options, PublishOptions.__optional_keys__)
    stated = dict(options)
    priority = priority_number(stated.pop("priority", None))
    deliver_time_unix_ms = stated.pop("deliver_time_unix_ms", None)
    if deliver_time_unix_ms is not None:
        deliver_time_unix_ms = whole(
            "deliver_time_unix_ms", deliver_time_unix_ms, INT64_MIN, INT64_MAX
        )
    partition = stated.pop("partition", None)
    if partition is not None:
        partition = whole("partition", partition, 0, UINT32_MAX)
    event = outgoing_event(topic, given, stated)
    if event.source is None and source is not None:
        event = dataclasses.replace(event, source=source)
    check_event(event)
    if partition is None and event.ordering_key is not None:
        partition = partition_for_key(event.ordering_key, partitions)
    pending = PendingEvent(
        topic,
        partitions,
        event,
        encode_body(event),
        partition,
        priority,
        deliver_time_unix_ms,
        settle,
    )
    if pending.size > EVENT_BYTES_MAX:
        metadata = {"field": "event", "limit": EVENT_BYTES_MAX, "size": pending.size}
        raise pubsub_error("LIMIT_EXCEEDED", f"the event has {pending.size} bytes", metadata)
    return pending
