"""The batch codec: many events of one topic-partition as one RecordBatch, and back.

The format is specified by ``proto/opendxa/pubsub/v1/batch.proto`` and checked against the same
vectors as every other client.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opendxa_pubsub._bitmap import is_selected
from opendxa_pubsub._checksum import crc32c
from opendxa_pubsub._compression import compress_bodies, decompress_bodies
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2, event_pb2
from opendxa_pubsub._limits import (
    BATCH_BYTES_MAX,
    BATCH_EVENTS_MAX,
    EVENT_BYTES_MAX,
    PRODUCER_ID_BYTES,
)
from opendxa_pubsub._outgoing_event import HEAD_FIELDS, OutgoingEvent, check_event, encode_body
from opendxa_pubsub._stored_event import StoredEvent

_SHARED_FIELDS = tuple(name for name in HEAD_FIELDS if name != "id")


@dataclass(slots=True, frozen=True)
class BatchProducer:
    """The producer that a batch belongs to.

    Attributes:
        id: 16 random bytes.
        epoch: Epoch that the broker granted.
        base_sequence: Sequence of the first event.
    """

    id: bytes
    epoch: int
    base_sequence: int


def encode_batch(
    topic: str,
    events: Sequence[OutgoingEvent],
    *,
    partition: int = 0,
    producer: BatchProducer | None = None,
    codec: batch_pb2.Codec = batch_pb2.CODEC_UNSPECIFIED,
    defaults: Mapping[str, str | int] | None = None,
    priority: event_pb2.Priority = event_pb2.PRIORITY_UNSPECIFIED,
    deliver_time_unix_ms: int | None = None,
    bodies: Sequence[bytes] | None = None,
) -> batch_pb2.RecordBatch:
    """Packs events of one topic-partition.

    Args:
        topic: Topic name.
        events: 1 to 65,535 events.
        partition: Partition.
        producer: Producer; without one every event needs an id.
        codec: How the bodies are compressed; default: not.
        defaults: Head fields that absent ones take; None: those that all events share.
        priority: Lane of all events.
        deliver_time_unix_ms: When the batch becomes deliverable, milliseconds since the Unix epoch.
        bodies: The events' bodies where the caller checked the events and encoded them before.

    Returns:
        The batch.

    Raises:
        PubSubInvalidError: EVENT_INVALID, LIMIT_EXCEEDED, BATCH_COUNT_MISMATCH,
            CODEC_NOT_SUPPORTED.
    """
    if not 1 <= len(events) <= BATCH_EVENTS_MAX:
        metadata = {"count": len(events), "heads": len(events)}
        text = f"a batch holds 1 to {BATCH_EVENTS_MAX} events"
        raise pubsub_error("BATCH_COUNT_MISMATCH", text, metadata)
    if bodies is None:
        for index, event in enumerate(events):
            check_event(event, index, defaults or {})
        bodies = [encode_body(event) for event in events]
    _check_ids(events, defaults or {}, producer)
    lengths = [len(body) for body in bodies]
    shared = dict(defaults) if defaults is not None else _shared_fields(events, lengths)
    heads = _encode_heads(events, lengths, shared)
    raw = b"".join(bodies)
    batch = batch_pb2.RecordBatch(
        topic=topic,
        partition=partition,
        count=len(events),
        codec=codec,
        bodies_raw_bytes=len(raw),
        priority=priority,
        heads=heads,
        bodies=compress_bodies(raw, codec),
        deliver_time_unix_ms=deliver_time_unix_ms,
    )
    batch.heads_crc32c = crc32c(batch.heads)
    batch.bodies_crc32c = crc32c(batch.bodies)
    if shared:
        batch.defaults.CopyFrom(event_pb2.EventHead(**shared))  # type: ignore[arg-type]
    if producer is not None:
        batch.producer_id = producer.id
        batch.producer_epoch = producer.epoch
        batch.base_sequence = producer.base_sequence
    _check_size("batch", batch.ByteSize(), BATCH_BYTES_MAX)
    return batch


def _check_ids(
    events: Sequence[OutgoingEvent], defaults: Mapping[str, object], producer: BatchProducer | None
) -> None:
    if producer is not None or "id" in defaults:
        return
    for index, event in enumerate(events):
        if event.id is None:
            rule = "required without a producer"
            metadata = {"index": index, "field": "id", "rule": rule}
            raise pubsub_error("EVENT_INVALID", f"event {index}, id: {rule}", metadata)


def _check_size(field: str, size: int, limit: int, index: int | None = None) -> None:
    if size <= limit:
        return
    metadata: dict[str, object] = {"field": field, "limit": limit, "size": size}
    if index is not None:
        metadata["index"] = index
    raise pubsub_error("LIMIT_EXCEEDED", f"the {field} has {size} bytes", metadata)


def _shared_fields(events: Sequence[OutgoingEvent], lengths: list[int]) -> dict[str, str | int]:
    """Head fields that all events state alike; written once, they cost the others nothing."""
    shared: dict[str, str | int] = {}
    if len(events) == 1:
        return shared
    for name in _SHARED_FIELDS:
        value = getattr(events[0], name)
        if value is not None and all(getattr(event, name) == value for event in events):
            shared[name] = value
    if lengths[0] and all(length == lengths[0] for length in lengths):
        shared["body_length"] = lengths[0]
    return shared


def _encode_heads(
    events: Sequence[OutgoingEvent], lengths: list[int], defaults: Mapping[str, str | int]
) -> bytes:
    heads = event_pb2.EventHeads()
    names = [name for name in HEAD_FIELDS if any(getattr(e, name) is not None for e in events)]
    default_length = defaults.get("body_length", 0)
    for index, (event, length) in enumerate(zip(events, lengths, strict=True)):
        head = heads.heads.add()
        for name in names:
            value = getattr(event, name)
            if value is not None and value != defaults.get(name):
                setattr(head, name, value)
        if length != default_length:
            head.body_length = length
        if length > EVENT_BYTES_MAX // 2:
            _check_size("event", head.ByteSize() + length, EVENT_BYTES_MAX, index)
    return heads.SerializeToString()


def _malformed(field: str, rule: str) -> PubSubError:
    return pubsub_error("BATCH_MALFORMED", f"{field}: {rule}", {"field": field, "rule": rule})


def decode_batch(batch: batch_pb2.RecordBatch, selected: bytes = b"") -> list[StoredEvent]:
    """Reads the events of a batch; their bodies are parsed when first asked for.

    Args:
        batch: A stored or delivered batch.
        selected: Bitmap of the events to read; empty: all.

    Returns:
        The events, in order.

    Raises:
        PubSubError: BATCH_CHECKSUM_MISMATCH, BATCH_COUNT_MISMATCH, BATCH_MALFORMED,
            CODEC_NOT_SUPPORTED, LIMIT_EXCEEDED.
    """
    heads = _read_heads(batch)
    bodies = decompress_bodies(batch.bodies, batch.codec, batch.bodies_raw_bytes)
    events: list[StoredEvent] = []
    default_length = batch.defaults.body_length
    at = 0
    for index, head in enumerate(heads):
        end = at + (head.body_length if head.HasField("body_length") else default_length)
        if not selected or is_selected(selected, index):
            events.append(StoredEvent(batch, head, index, bodies[at:end]))
        at = end
    return events


def _read_heads(batch: batch_pb2.RecordBatch) -> Sequence[event_pb2.EventHead]:
    # An empty head takes two bytes with its framing.
    if not 1 <= batch.count <= BATCH_EVENTS_MAX or batch.count > len(batch.heads) // 2:
        metadata = {"count": batch.count, "heads": len(batch.heads) // 2}
        text = f"{batch.count} events in {len(batch.heads)} bytes of heads"
        raise pubsub_error("BATCH_COUNT_MISMATCH", text, metadata)
    for field, data, stated in (
        ("heads", batch.heads, batch.heads_crc32c),
        ("bodies", batch.bodies, batch.bodies_crc32c),
    ):
        if crc32c(data) != stated:
            text = f"the CRC-32C of {field} does not fit"
            raise pubsub_error("BATCH_CHECKSUM_MISMATCH", text, {"field": field})
    if len(batch.producer_id) not in (0, PRODUCER_ID_BYTES):
        raise _malformed("producer_id", f"{PRODUCER_ID_BYTES} bytes or none")
    try:
        heads = event_pb2.EventHeads.FromString(batch.heads).heads
    except Exception as error:  # protobuf's own error class differs by its implementation
        raise _malformed("heads", "protobuf messages") from error
    if not heads:
        raise _malformed("heads", "at least one head")
    if len(heads) != batch.count:
        metadata = {"count": batch.count, "heads": len(heads)}
        text = f"{len(heads)} heads for {batch.count} events"
        raise pubsub_error("BATCH_COUNT_MISMATCH", text, metadata)
    default = batch.defaults.body_length
    total = sum(h.body_length if h.HasField("body_length") else default for h in heads)
    if total != batch.bodies_raw_bytes:
        raise _malformed("bodies_raw_bytes", f"the sum of body_length, {total}")
    return heads
