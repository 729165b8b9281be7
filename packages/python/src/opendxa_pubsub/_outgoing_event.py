"""Events on their way to a broker, checked by every rule that does not need the broker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opendxa_pubsub._arguments import broken_text, is_whole
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import event_pb2
from opendxa_pubsub._limits import (
    ATTRIBUTE_BYTES_MAX,
    ATTRIBUTES_MAX,
    EVENT_ID_BYTES_MAX,
    INT64_MAX,
    INT64_MIN,
    ORDERING_KEY_BYTES_MAX,
    TEXT_BYTES_MAX,
)

HEAD_FIELDS = (
    "id",
    "source",
    "type",
    "subject",
    "time_unix_ns",
    "correlation_id",
    "causation_id",
    "ordering_key",
    "expire_time_unix_ms",
)
_HEAD_TEXTS = (
    ("id", 1, EVENT_ID_BYTES_MAX),
    ("source", 1, TEXT_BYTES_MAX),
    ("type", 1, TEXT_BYTES_MAX),
    ("subject", 0, TEXT_BYTES_MAX),
    ("correlation_id", 0, TEXT_BYTES_MAX),
    ("causation_id", 0, TEXT_BYTES_MAX),
    ("ordering_key", 0, ORDERING_KEY_BYTES_MAX),
)
_BODY_TEXTS = ("data_content_type", "data_schema", "traceparent", "tracestate")
_CONTROL = frozenset(chr(code) for code in (*range(0x20), 0x7F))


@dataclass(slots=True, frozen=True)
class EventMetadata:
    """Where an event was made.

    Attributes:
        version: Version of the software that made it.
        service: Name of the service that made it.
        environment: Environment, such as ``production``.
    """

    version: str = ""
    service: str = ""
    environment: str = ""


@dataclass(slots=True, frozen=True, kw_only=True)
class OutgoingEvent:
    """An event with its envelope; what is None takes the contract's default.

    Attributes:
        type: What happened, dotted, such as ``drift.detected``. Required.
        data: Payload.
        data_content_type: Media type of the payload; empty means ``application/octet-stream``.
        data_schema: URI of the payload's schema.
        id: Identifies it together with ``source``, 1 to 128 bytes; None: that of the producer.
        source: Who it is from, a URI reference; None takes the client's, then the producer's.
        subject: What it is about.
        time_unix_ns: When it happened, nanoseconds since the Unix epoch; None means when stored.
        correlation_id: Binds what belongs to one piece of work.
        causation_id: Id of the event that caused it.
        ordering_key: Events of one key are kept in order, at most 1 KiB.
        expire_time_unix_ms: From then on it is not delivered, milliseconds since the Unix epoch.
        metadata: Where it was made.
        attributes: Free attributes: at most 64, key and value 255 bytes each.
        traceparent: W3C trace context.
        tracestate: W3C trace state.
    """

    type: str | None = None
    data: bytes = b""
    data_content_type: str = ""
    data_schema: str = ""
    id: str | None = None
    source: str | None = None
    subject: str | None = None
    time_unix_ns: int | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    ordering_key: str | None = None
    expire_time_unix_ms: int | None = None
    metadata: EventMetadata | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    traceparent: str = ""
    tracestate: str = ""


def _refused(index: int, name: str, rule: str) -> PubSubError:
    metadata = {"index": index, "field": name, "rule": rule}
    return pubsub_error("EVENT_INVALID", f"event {index}, {name}: {rule}", metadata)


def _broken_rule(text: Any, bytes_min: int, bytes_max: int) -> str | None:  # noqa: ANN401
    if (rule := broken_text(text, bytes_max)) is not None:
        return rule
    if len(text) < bytes_min:
        return f"at least {bytes_min} byte"
    if not text.isprintable() and not _CONTROL.isdisjoint(text):
        return "no control characters"
    return None


def check_event(event: OutgoingEvent, index: int = 0, defaults: Mapping[str, object] = {}) -> None:
    """Checks what a broker would refuse, and what it cannot see: the limits inside of the body.

    Args:
        event: The event.
        index: Its index in its batch, for the error.
        defaults: Head fields that the batch states for all.

    Raises:
        PubSubInvalidError: EVENT_INVALID with ``index``, ``field`` and ``rule``, or LIMIT_EXCEEDED.
    """
    if event.type is None and "type" not in defaults:
        raise _refused(index, "type", "required here or in the batch's defaults")
    for name, bytes_min, bytes_max in _HEAD_TEXTS:
        text = getattr(event, name)
        if text is not None and (rule := _broken_rule(text, bytes_min, bytes_max)):
            raise _refused(index, name, rule)
    for name in _BODY_TEXTS:
        text = getattr(event, name)
        if text is not None and (rule := _broken_rule(text, 0, TEXT_BYTES_MAX)):
            raise _refused(index, name, rule)
    for name in ("time_unix_ns", "expire_time_unix_ms"):
        value = getattr(event, name)
        if value is not None and not is_whole(value, INT64_MIN, INT64_MAX):
            raise _refused(index, name, "a signed integer of 64 bits")
    if not isinstance(event.data, bytes):
        raise _refused(index, "data", "bytes")
    if event.metadata is not None:
        _check_metadata(event.metadata, index)
    if event.attributes is not None:
        _check_attributes(event.attributes, index)


def _check_metadata(made: Any, index: int) -> None:  # noqa: ANN401 - of any caller
    if not isinstance(made, EventMetadata):
        raise _refused(index, "metadata", "an EventMetadata")
    for name in EventMetadata.__slots__:
        if (rule := broken_text(getattr(made, name))) is not None:
            raise _refused(index, f"metadata.{name}", rule)


def _check_attributes(attributes: Any, index: int) -> None:  # noqa: ANN401 - of any caller
    if not isinstance(attributes, Mapping):
        raise _refused(index, "attributes", "texts by name")
    size = len(attributes)
    if size > ATTRIBUTES_MAX:
        metadata = {"index": index, "field": "attributes", "limit": ATTRIBUTES_MAX, "size": size}
        raise pubsub_error("LIMIT_EXCEEDED", f"event {index} has {size} attributes", metadata)
    for pair in attributes.items():
        for text in pair:
            if (rule := broken_text(text, ATTRIBUTE_BYTES_MAX)) is not None:
                raise _refused(index, "attributes", f"key and value {rule}")


def encode_body(event: OutgoingEvent) -> bytes:
    """The event's serialized EventBody, map entries in the order of their keys."""
    body = event_pb2.EventBody(
        data=event.data,
        data_content_type=event.data_content_type,
        data_schema=event.data_schema,
        attributes=event.attributes,
        traceparent=event.traceparent,
        tracestate=event.tracestate,
    )
    if event.metadata is not None:
        made = event.metadata
        body.metadata.CopyFrom(
            event_pb2.EventMetadata(
                version=made.version, service=made.service, environment=made.environment
            )
        )
    return body.SerializeToString(deterministic=True)
