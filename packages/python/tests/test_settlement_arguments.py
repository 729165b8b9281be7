"""What cannot be said of an event is refused in the caller by name, and does not settle it."""

from typing import Any

import pytest
from both_clients import Watched
from wrong_values import LONE, NO_NUMBERS

from opendxa_pubsub import PubSubInvalidError
from opendxa_pubsub._limits import EXTENSION_MS_MAX, NACK_DELAY_MS_MAX

SETTLEMENTS: list[tuple[str, dict[str, object], str]] = [
    *(("nack", {"delay_ms": value}, "delay_ms") for value in NO_NUMBERS),
    *(("nack", {"delay_ms": value}, "delay_ms") for value in (NACK_DELAY_MS_MAX + 1, 10**13)),
    *(("nack", {"reason": value}, "reason") for value in (5, None, b"x", ["x"])),
    *(("extend", {"deadline_ms": value}, "deadline_ms") for value in (*NO_NUMBERS, None)),
    *(("extend", {"deadline_ms": value}, "deadline_ms") for value in (EXTENSION_MS_MAX + 1, 10**9)),
]


@pytest.mark.parametrize(("word", "named", "field"), SETTLEMENTS)
def test_an_argument_of_a_settlement_leaves_the_event_unsettled(
    watched: Watched, word: str, named: dict[str, object], field: str
) -> None:
    event = watched.next_event()
    with pytest.raises(PubSubInvalidError, match=f"^BAD_REQUEST: {field}: ") as caught:
        watched.run(lambda: getattr(event, word)(**named))
    assert caught.value.metadata["field"] == field
    assert not event.is_settled
    event.ack()
    assert watched.flushed(event) == "settled"
    watched.still_works()


def test_the_bounds_of_a_settlement_are_taken(watched: Watched) -> None:
    for delay_ms in (0, NACK_DELAY_MS_MAX):
        event = watched.next_event()
        for deadline_ms in (0, EXTENSION_MS_MAX):
            event.extend(deadline_ms)
            assert watched.flushed(event) == "settled"
        # The reason is often an error's text, and any text will do.
        event.nack(f"{LONE}{'x' * 2_000}", delay_ms)
        assert watched.flushed(event) == "settled"


class Wholesome:
    """A whole number of another library, such as numpy's."""

    def __index__(self) -> int:
        return 0


def test_a_whole_number_of_another_library_is_one(watched: Watched) -> None:
    zero: Any = Wholesome()
    event = watched.next_event()
    event.extend(zero)
    event.nack("", zero)
    assert watched.flushed(event) == "settled"
    named = {"partition": zero, "deliver_time_unix_ms": zero, "time_unix_ns": zero}
    offset = watched.call("publish", watched.topic, "x", **named).offset
    (read,) = watched.call("read", watched.topic, offset=offset, partition=zero, events_max=1)
    assert read.time_unix_ns == 0
