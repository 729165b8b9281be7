from typing import Any

import pytest

from opendxa_pubsub import FeedbackEvent, PubSubClient, PubSubError
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2 as pb
from opendxa_pubsub._limits import (
    BUFFER_BYTES_MAX,
    CORRELATION_KEYS_MAX,
    CREDIT_EVENTS_MAX,
    FRAMES_IN_FLIGHT_MAX,
    NESTING_MAX,
    TOPICS_CACHED_MAX,
)
from opendxa_pubsub._options import pending_event
from opendxa_pubsub._pending_event import PendingEvent
from opendxa_pubsub._publish_window import PublishWindow


def pending(topic: str = "t", size: int = 1, outcomes: list[Any] | None = None) -> PendingEvent:
    settle = (outcomes if outcomes is not None else []).append
    return pending_event(topic, 1, bytes(size), {}, None, settle)


def opened(epoch: int = 1, credit: int = 1 << 30, frames: int = 1000) -> pb.PublishOpened:
    return pb.PublishOpened(producer_epoch=epoch, credit_bytes=credit, frames_in_flight_max=frames)


def test_the_buffer_is_bounded_in_bytes_and_topics() -> None:
    window = PublishWindow()
    assert window.has_room(BUFFER_BYTES_MAX + 1)
    window.add(pending(size=100))
    assert not window.has_room(BUFFER_BYTES_MAX)
    for number in range(TOPICS_CACHED_MAX - 1):
        window.add(pending(f"t{number}"))
    with pytest.raises(PubSubError, match="LIMIT_REACHED"):
        window.add(pending("one more"))


def test_frames_in_flight_and_credit_are_bounded() -> None:
    window = PublishWindow()
    window.add(pending())
    assert window.next_frame() is None
    window.opened(opened())
    assert window.next_frame() is not None
    for _ in range(FRAMES_IN_FLIGHT_MAX * 2):
        window.add(pending(size=300_000))
    sent = 1
    while window.next_frame() is not None:
        sent += 1
    assert sent == FRAMES_IN_FLIGHT_MAX
    window.opened(opened(credit=700_000))
    assert [bool(window.next_frame()) for _ in range(4)] == [True, True, True, False]


def test_a_new_stream_gets_the_same_sequences_under_its_epoch_and_numbers() -> None:
    window = PublishWindow()
    outcomes: list[Any] = []
    window.opened(opened(epoch=1))
    for _ in range(3):
        window.add(pending(outcomes=outcomes))
        assert window.next_frame() is not None
    window.acknowledge(pb.PublishAck(through_frame=1, results=[pb.BatchResult(base_offset=7)]))
    assert [receipt.offset for receipt in outcomes] == [7]
    window.lost()
    window.opened(opened(epoch=2))
    again = [window.next_frame(), window.next_frame()]
    assert [
        (f.number, f.batches[0].base_sequence, f.batches[0].producer_epoch) for f in again if f
    ] == [
        (1, 1, 2),
        (2, 2, 2),
    ]
    assert window.next_frame() is None


@pytest.mark.parametrize("outstanding", [0, CREDIT_EVENTS_MAX + 1])
def test_outstanding_events_are_bounded(outstanding: int) -> None:
    with (
        PubSubClient("127.0.0.1:1") as client,
        pytest.raises(PubSubError, match="BAD_REQUEST: max_outstanding"),
    ):
        client.subscribe("t", max_outstanding=outstanding)


def test_correlation_keys_are_bounded() -> None:
    feedback = FeedbackEvent(function_id="f", execution_id="x")
    keys = [f"a:b:{number}" for number in range(CORRELATION_KEYS_MAX + 1)]
    with (
        PubSubClient("127.0.0.1:1") as client,
        pytest.raises(PubSubError, match="BAD_REQUEST: correlation_keys"),
    ):
        client.submit_feedback(feedback, correlation_keys=keys)


def test_nested_values_are_bounded() -> None:
    nested: dict[str, Any] = {}
    nested["self"] = nested
    with pytest.raises(PubSubError, match=f"at most {NESTING_MAX} levels"):
        pending_event("t", 1, nested, {}, None, lambda _: None)
