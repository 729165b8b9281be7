from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import load

from opendxa_pubsub import EventMetadata, OutgoingEvent, PubSubError, PubSubInvalidError
from opendxa_pubsub._batch import BatchProducer, decode_batch, encode_batch
from opendxa_pubsub._bitmap import indexes_of, is_selected, ranges_of
from opendxa_pubsub._checksum import crc32c, partition_for_key
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2, event_pb2
from opendxa_pubsub._limits import (
    ATTRIBUTES_MAX,
    BATCH_EVENTS_MAX,
    EVENT_BYTES_MAX,
    EVENT_ID_BYTES_MAX,
    ORDERING_KEY_BYTES_MAX,
    TEXT_BYTES_MAX,
)
from opendxa_pubsub._outgoing_event import HEAD_FIELDS

BATCHES = load("batches")
INTEGERS = ("time_unix_ns", "expire_time_unix_ms")


def outgoing(fields: dict[str, Any]) -> OutgoingEvent:
    known = {k: v for k, v in fields.items() if k not in ("data_hex", "metadata", *INTEGERS)}
    known |= {name: int(fields[name]) for name in INTEGERS if name in fields}
    if "metadata" in fields:
        known["metadata"] = EventMetadata(**fields["metadata"])
    return OutgoingEvent(data=bytes.fromhex(fields.get("data_hex", "")), **known)


def encoded(case: dict[str, Any]) -> batch_pb2.RecordBatch:
    producer = case.get("producer")
    defaults = case.get("defaults")
    deliver = case.get("deliver_time_unix_ms")
    return encode_batch(
        case["topic"],
        [outgoing(event) for event in case["events"]],
        partition=case.get("partition", 0),
        priority=event_pb2.Priority.Value(f"PRIORITY_{case.get('priority', 'UNSPECIFIED')}"),
        codec=batch_pb2.Codec.Value(f"CODEC_{case.get('codec', 'UNSPECIFIED')}"),
        defaults={k: int(v) if k in INTEGERS else v for k, v in (defaults or {}).items()},
        deliver_time_unix_ms=None if deliver is None else int(deliver),
        producer=producer
        and BatchProducer(
            bytes.fromhex(producer["id_hex"]), producer["epoch"], int(producer["base_sequence"])
        ),
    )


@pytest.mark.parametrize("case", BATCHES, ids=lambda case: case["name"])
def test_encodes_the_vectors(case: dict[str, Any]) -> None:
    batch = encoded(case)
    assert batch.heads.hex() == case["heads_hex"]
    if case.get("exact_bodies", True):
        assert batch.SerializeToString().hex() == case["sent_hex"]
    else:
        assert [event.data.hex() for event in decode_batch(batch)] == [
            event.get("data_hex", "") for event in case["events"]
        ]


@pytest.mark.parametrize("case", BATCHES, ids=lambda case: case["name"])
def test_decodes_the_vectors(case: dict[str, Any]) -> None:
    events = decode_batch(batch_pb2.RecordBatch.FromString(bytes.fromhex(case["stored_hex"])))
    for event, expected in zip(events, case["decoded"], strict=True):
        for name in HEAD_FIELDS:
            value = getattr(event, name)
            assert (str(value) if name in INTEGERS and value is not None else value) == expected[
                name
            ]
        assert str(event.offset) == expected["offset"]
        assert event.data.hex() == expected["data_hex"]
        for name in ("data_content_type", "data_schema", "traceparent", "tracestate"):
            assert getattr(event, name) == expected[name]
        assert event.attributes == expected["attributes"]
        made = expected["metadata"]
        assert event.metadata == (made and EventMetadata(**made))


@pytest.mark.parametrize("case", load("malformed"), ids=lambda case: case["name"])
def test_malformed_batches_are_refused_with_their_reason(case: dict[str, Any]) -> None:
    with pytest.raises(PubSubError) as caught:
        decode_batch(batch_pb2.RecordBatch.FromString(bytes.fromhex(case["sent_hex"])))
    assert caught.value.reason == case["reason"]


@pytest.mark.parametrize("case", load("partitions"), ids=lambda case: case["key"][:20])
def test_partitions_of_keys(case: dict[str, Any]) -> None:
    assert crc32c(case["key"].encode()) == case["crc32c"]
    for partitions, expected in case["partitions"].items():
        assert partition_for_key(case["key"], int(partitions)) == expected


@pytest.mark.parametrize("case", load("bitmaps"), ids=lambda case: case["hex"])
def test_bitmaps(case: dict[str, Any]) -> None:
    bitmap = bytes.fromhex(case["hex"])
    assert list(indexes_of(bitmap)) == case["indexes"]
    assert [i for i in range(case["count"]) if is_selected(bitmap, i)] == case["indexes"]


def test_ranges_join_neighbours() -> None:
    assert ranges_of([0, 1, 2, 5, 7, 8]) == [(0, 2), (5, 5), (7, 8)]


def test_a_selection_leaves_the_others_out_and_keeps_offsets() -> None:
    batch = encode_batch("t", [OutgoingEvent(id=str(i), type="t", data=b"x" * i) for i in range(9)])
    batch.base_offset = 100
    assert [(e.offset, e.data) for e in decode_batch(batch, b"\x02\x01")] == [
        (101, b"x"),
        (108, b"x" * 8),
    ]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
ints = st.integers(-(2**63), 2**63 - 1)
events = st.builds(
    OutgoingEvent,
    type=texts.filter(bool),
    id=st.none() | texts.filter(bool).filter(lambda t: len(t.encode()) <= EVENT_ID_BYTES_MAX),
    source=st.none() | texts.filter(bool),
    subject=st.none() | texts,
    correlation_id=st.none() | texts,
    ordering_key=st.none() | texts,
    time_unix_ns=st.none() | ints,
    expire_time_unix_ms=st.none() | ints,
    data=st.binary(max_size=300),
    data_content_type=texts,
    attributes=st.dictionaries(texts, texts, max_size=4),
)


@given(
    st.lists(events, min_size=1, max_size=20),
    st.sampled_from(batch_pb2.Codec.values()),
    st.integers(0, 2**63),
)
def test_what_is_encoded_is_decoded(
    given: list[OutgoingEvent], codec: batch_pb2.Codec, base: int
) -> None:
    producer = BatchProducer(bytes(range(16)), 3, base)
    sent = encode_batch("a/b", given, producer=producer, codec=codec).SerializeToString()
    batch = batch_pb2.RecordBatch.FromString(sent)
    batch.append_time_unix_ms = 7
    for index, (event, stored) in enumerate(zip(given, decode_batch(batch), strict=True)):
        assert stored.id == (event.id or f"{producer.id.hex()}-{base + index}")
        assert stored.source == (event.source or f"/producers/{producer.id.hex()}")
        assert stored.time_unix_ns == (
            7_000_000 if event.time_unix_ns is None else event.time_unix_ns
        )
        for name in ("type", "subject", "correlation_id", "ordering_key", "expire_time_unix_ms"):
            assert getattr(stored, name) == getattr(event, name)
        assert stored.data == event.data
        assert stored.attributes == event.attributes


@given(st.binary(max_size=200), st.binary(max_size=60), st.integers(0, 5), st.integers(0, 4))
def test_any_bytes_are_events_or_a_typed_error(
    heads: bytes, bodies: bytes, count: int, codec: int
) -> None:
    batch = batch_pb2.RecordBatch(
        topic="t", count=count, heads=heads, bodies=bodies, bodies_raw_bytes=len(bodies)
    )
    batch.codec = codec
    batch.heads_crc32c = crc32c(heads)
    batch.bodies_crc32c = crc32c(bodies)
    reason = None
    try:
        events = [event.data_content_type for event in decode_batch(batch)]
        assert len(events) == count
    except PubSubError as error:
        reason = error.reason
    assert reason in (None, "BATCH_MALFORMED", "BATCH_COUNT_MISMATCH", "CODEC_NOT_SUPPORTED")


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (OutgoingEvent(id="1"), "type"),
        (OutgoingEvent(type="t"), "id"),
        (OutgoingEvent(type="t", id=""), "id"),
        (OutgoingEvent(type="t", id="i" * (EVENT_ID_BYTES_MAX + 1)), "id"),
        (OutgoingEvent(type="t" * (TEXT_BYTES_MAX + 1), id="1"), "type"),
        (OutgoingEvent(type="a\nb", id="1"), "type"),
        (OutgoingEvent(type="t", id="1", source="\x7f"), "source"),
        (OutgoingEvent(type="t", id="1", subject="\ud800"), "subject"),
        (
            OutgoingEvent(type="t", id="1", ordering_key="é" * (ORDERING_KEY_BYTES_MAX // 2 + 1)),
            "ordering_key",
        ),
        (OutgoingEvent(type="t", id="1", time_unix_ns=2**63), "time_unix_ns"),
        (OutgoingEvent(type="t", id="1", traceparent="x" * (TEXT_BYTES_MAX + 1)), "traceparent"),
        (OutgoingEvent(type="t", id="1", attributes={"k": "v" * 256}), "attributes"),
        (OutgoingEvent(type="t", id="1", attributes={"\ud800": "v"}), "attributes"),
    ],
)
def test_a_broken_rule_is_named(event: OutgoingEvent, field: str) -> None:
    with pytest.raises(PubSubInvalidError) as caught:
        encode_batch("t", [event])
    assert caught.value.reason == "EVENT_INVALID"
    assert caught.value.metadata["field"] == field


@pytest.mark.parametrize(
    ("event", "limit"),
    [
        (OutgoingEvent(type="t", id="1", data=bytes(EVENT_BYTES_MAX)), EVENT_BYTES_MAX),
        (
            OutgoingEvent(
                type="t", id="1", attributes={str(i): "" for i in range(ATTRIBUTES_MAX + 1)}
            ),
            ATTRIBUTES_MAX,
        ),
    ],
)
def test_a_crossed_limit_is_named(event: OutgoingEvent, limit: int) -> None:
    with pytest.raises(PubSubInvalidError) as caught:
        encode_batch("t", [event])
    assert caught.value.reason == "LIMIT_EXCEEDED"
    assert caught.value.metadata["limit"] == str(limit)
    assert int(caught.value.metadata["size"]) > limit


def test_a_text_that_is_too_long_is_named_with_its_length() -> None:
    for event in (
        OutgoingEvent(type="t", id="1", subject="é" * 128),
        OutgoingEvent(type="t", id="1", attributes={"k": "é" * 128}),
    ):
        with pytest.raises(PubSubInvalidError, match="at most 255 bytes of UTF-8, not 256"):
            encode_batch("t", [event])


def test_a_batch_holds_a_bounded_number_of_events_and_bytes() -> None:
    event = OutgoingEvent(type="t", id="1")
    for events in ([], [event] * (BATCH_EVENTS_MAX + 1)):
        with pytest.raises(PubSubInvalidError, match="BATCH_COUNT_MISMATCH"):
            encode_batch("t", events)
    big = OutgoingEvent(type="t", id="1", data=bytes(EVENT_BYTES_MAX // 2))
    with pytest.raises(PubSubInvalidError, match="LIMIT_EXCEEDED: the batch has"):
        encode_batch("t", [big] * 3)
