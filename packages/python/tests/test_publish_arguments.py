"""What cannot be published is refused in the caller by name, and nothing is stored."""

import pytest
from both_clients import Watched
from wrong_values import LONE, NAN, NO_NUMBERS, NO_TEXTS

from opendxa_pubsub import EventMetadata, OutgoingEvent

TEXT_OPTIONS = (
    "type",
    "id",
    "source",
    "subject",
    "correlation_id",
    "causation_id",
    "ordering_key",
    "data_content_type",
    "data_schema",
    "traceparent",
    "tracestate",
)

PUBLISH_OPTIONS: list[tuple[str, object]] = [
    *((name, value) for name in TEXT_OPTIONS for value in NO_TEXTS),
    *(("partition", value) for value in NO_NUMBERS),
    *(("deliver_time_unix_ms", value) for value in NO_NUMBERS[1:]),
    *(("expire_time_unix_ms", value) for value in NO_NUMBERS[1:]),
    *(("time_unix_ns", value) for value in NO_NUMBERS[1:]),
    *(("attributes", value) for value in ({1: 2}, {"a": None}, {"a": LONE}, 5, "x", [("a", "b")])),
    *(("metadata", value) for value in (5, "x", {"version": "1"})),
    *(("priority", value) for value in ("urgent", 5, True, ["high"], {}, LONE)),
    *(("bogus", value) for value in (1, None)),
    ("data", b"x"),
]


@pytest.mark.parametrize(("option", "value"), PUBLISH_OPTIONS)
def test_an_option_of_a_publish(watched: Watched, option: str, value: object) -> None:
    named = {option: value}
    event = watched.next_event()
    for word in ("publish", "publish_async"):
        watched.refuses(option, word, watched.topic, "refused", **named)
    watched.refuses(option, "publish_many", watched.topic, ["refused"], **named)
    watched.refuses(option, "publish_atomic", [(watched.topic, "refused")], **named)
    watched.refuses(option, "ack_and_publish", [event], watched.topic, ["refused"], **named)
    assert not event.is_settled
    event.ack()
    assert watched.flushed(event) == "settled"
    assert [found.text() for found in watched.call("read", watched.topic, offset=event.offset)] == [
        "watched"
    ]


@pytest.mark.parametrize(
    ("field", "event"),
    [
        ("event", LONE),
        ("event", {"x": LONE}),
        ("event", {LONE: 1}),
        ("event", {"x": NAN}),
        ("event", object()),
        ("data", OutgoingEvent(type="t", data="x")),  # type: ignore[arg-type]
        ("type", OutgoingEvent()),
        ("metadata.version", OutgoingEvent(type="t", metadata=EventMetadata(version=5))),  # type: ignore[arg-type]
        ("metadata.service", OutgoingEvent(type="t", metadata=EventMetadata(service=LONE))),
        ("attributes", OutgoingEvent(type="t", attributes=5)),  # type: ignore[arg-type]
    ],
)
def test_an_event_that_cannot_be_published(watched: Watched, field: str, event: object) -> None:
    watched.refuses(field, "publish", watched.topic, event)
    watched.refuses(field, "publish_many", watched.topic, [event])
    watched.refuses(field, "publish_atomic", [(watched.topic, "x"), (watched.topic, event)])
    watched.still_works()
