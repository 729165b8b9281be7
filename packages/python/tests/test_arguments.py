"""Every argument that breaks a rule is refused in its caller by name, and changes nothing."""

from typing import Any

import pytest
from both_clients import Watched
from wrong_values import LONE, NAN, NO_NUMBERS, NO_TEXTS

from opendxa_pubsub import AsyncPubSubClient, FeedbackEvent, PubSubClient, PubSubInvalidError
from opendxa_pubsub._limits import CONTEXT_NESTING_MAX

CALLS: list[tuple[str, str, tuple[object, ...], dict[str, object]]] = [
    *(("topic", "publish", (value, "x"), {}) for value in (*NO_TEXTS, None)),
    *(("events", "publish_many", ("t", value), {}) for value in (5, None, "ab", b"ab", {"a": 1})),
    *(("events", "publish_atomic", (value,), {}) for value in (5, "ab", {"a": 1}, [], ["ab"], [1])),
    *(("topic", "publish_atomic", ([(value, "x")],), {}) for value in NO_TEXTS),
    *(("events", "ack_and_publish", (value, "t", ["x"]), {}) for value in (5, None, [], ["x"])),
    ("topic", "cancel_scheduled_event", (5, "s", "i"), {}),
    ("source", "cancel_scheduled_event", ("t", LONE, "i"), {}),
    ("id", "cancel_scheduled_event", ("t", "s", None), {}),
    *(("timeout_s", "flush", (value,), {}) for value in ("1", NAN, 1e300, [1], True)),
    *(("seconds", "wait", (value,), {}) for value in ("1", NAN, None, 10**400)),
    *(("topic", "subscribe", (value,), {}) for value in (5, None, b"x", [5], [b"x"], LONE)),
    *(("handler", "subscribe", ("t", value), {}) for value in (5, "print", [])),
    *(("subscription", "subscribe", ("t", None, value), {}) for value in NO_TEXTS),
    *(
        (option, word, before, {option: value})
        for word, before in (("subscribe", ("t",)), ("create_subscription", ("s", "t")))
        for option in ("ack_deadline_ms", "attempts_max", "retry_min_ms", "retry_max_ms")
        for value in (*NO_NUMBERS, None)
    ),
    *(("max_outstanding", "subscribe", ("t",), {"max_outstanding": v}) for v in (0, *NO_NUMBERS)),
    *(("start", "subscribe", ("t",), {"start": v}) for v in ("now", None, True, 1.5, 2**70, [])),
    *(("ordered", "subscribe", ("t",), {"ordered": value}) for value in (1, None, "yes")),
    *(("ephemeral", "create_subscription", ("s", "t"), {"ephemeral": v}) for v in (1, None)),
    *(("expiry_ms", "subscribe", ("t",), {"expiry_ms": value}) for value in NO_NUMBERS),
    *(("dead_letter_topic", "subscribe", ("t",), {"dead_letter_topic": v}) for v in NO_TEXTS),
    ("bogus", "subscribe", ("t",), {"bogus": 1}),
    ("bogus", "create_subscription", ("s", "t"), {"bogus": 1}),
    ("bogus", "update_subscription", ("s",), {"bogus": 1}),
    ("attempts_max", "update_subscription", ("s",), {"attempts_max": -1}),
    ("name", "pause_subscription", (LONE,), {}),
    ("reason", "pause_subscription", ("s", 5), {}),
    *(("offset", "seek_subscription", ("s",), {"topic": "t", "offset": v}) for v in NO_NUMBERS),
    *(("partition", "seek_subscription", ("s",), {"start": 1, "partition": v}) for v in NO_NUMBERS),
    *(("sequence", "seek_subscription", ("s",), {"sequence": value}) for value in NO_NUMBERS),
    *(("snapshot", "seek_subscription", ("s",), {"snapshot": value}) for value in NO_TEXTS),
    *(("topic", "seek_subscription", ("s",), {"topic": value}) for value in NO_TEXTS),
    *(
        ("name", word, (value, *more), {})
        for word, more in {
            "resume_subscription": (),
            "delete_subscription": (),
            "create_snapshot": ("s",),
            "delete_snapshot": (),
            "get_accounting": (),
            "list_blocked_keys": (),
            "skip_events": (1, 0),
            "release_key": ("k",),
            "create_topic": (),
            "update_topic": (),
            "delete_topic": (),
            "update_subscription": (),
        }.items()
        for value in (5, None, b"x", LONE)
    ),
    ("subscription", "create_snapshot", ("n", 5), {}),
    ("subscription", "list_snapshots", (LONE,), {}),
    *(("sequence", "skip_events", ("s", value, 0), {}) for value in NO_NUMBERS),
    *(("first_index", "skip_events", ("s", 1, value), {}) for value in NO_NUMBERS),
    *(("last_index", "skip_events", ("s", 1, 0, value), {}) for value in NO_NUMBERS),
    ("ordering_key", "release_key", ("s", 5), {}),
    *(("deliveries_max", "consume", ("s",), {"deliveries_max": value}) for value in NO_NUMBERS),
    *(("wait_ms", "consume", ("s",), {"wait_ms": value}) for value in NO_NUMBERS),
    *(
        (option, word, ("t",), {option: value})
        for word in ("create_topic", "update_topic")
        for option in ("dedup_window_ms", "dedup_ids_max", "retention_ms", "retention_bytes")
        for value in NO_NUMBERS
    ),
    *(("partitions", "create_topic", ("t",), {"partitions": value}) for value in NO_NUMBERS),
    *(("index", "create_topic", ("t",), {"index": value}) for value in ("all", 5, [])),
    *(("durability", "update_topic", ("t",), {"durability": value}) for value in ("disk", 5, {})),
    ("bogus", "update_topic", ("t",), {"bogus": 1}),
    *(("topic", "read", (value,), {}) for value in NO_TEXTS),
    *((name, "read", ("t",), {name: v}) for name in ("offset", "partition") for v in NO_NUMBERS),
    *(("events_max", "read", ("t",), {"events_max": value}) for value in NO_NUMBERS),
    *(("follow", "read", ("t",), {"follow": value}) for value in (1, None, "no")),
    *(("correlation_id", "events_by_correlation_id", (value,), {}) for value in NO_TEXTS),
    *(("execution_id", "get_execution", (value,), {}) for value in NO_TEXTS),
    *(("execution_id", "register_execution", (value, "f"), {}) for value in NO_TEXTS),
    *(("function_name", "register_execution", ("e", value), {}) for value in NO_TEXTS),
    *(
        (name, "register_execution", ("e", "f"), {name: value})
        for name in ("version", "correlation_id")
        for value in NO_TEXTS
    ),
    *(
        ("correlation_keys", "register_execution", ("e", "f"), {"correlation_keys": value})
        for value in (5, None, b"x", [5], [LONE], LONE, {"a": 1})
    ),
    *(
        ("within_s", word, before, {"within_s": value})
        for word, before in (("register_execution", ("e", "f")), ("await_feedback", ("e",)))
        for value in (-1, NAN, 1e300, 10**400, "1", [1], True)
    ),
    *(("policy", "await_feedback", ("e",), {"policy": v}) for v in ("some", None, 1, ["all"])),
    *(("feedback_count", "await_feedback", ("e",), {"feedback_count": v}) for v in NO_NUMBERS),
    *(("wait_id", "await_feedback", ("e",), {"wait_id": value}) for value in NO_TEXTS),
    *(("timeout_s", "await_feedback", ("e",), {"timeout_s": v}) for v in ("1", NAN, [1], 1e300)),
    *(("feedback", "submit_feedback", (value,), {}) for value in (5, None, {})),
]


@pytest.mark.parametrize(("field", "word", "arguments", "named"), CALLS)
def test_an_argument_of_a_call(
    watched: Watched,
    field: str,
    word: str,
    arguments: tuple[object, ...],
    named: dict[str, object],
) -> None:
    watched.refuses(field, word, *arguments, **named)


def nested(levels: int) -> dict[str, Any]:
    return {} if levels == 1 else {"x": nested(levels - 1)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("execution_id", value) for value in NO_TEXTS[:1]),
        ("comments", LONE),
        ("retracted", 1),
        ("suggestions", [5]),
        ("suggestions", "one"),
        ("rating", NAN),
        ("rating", "5"),
        ("rating", 10**400),
        ("metrics", 5),
        ("metrics", {1: 1}),
        ("metrics", {"m": float("inf")}),
        ("metrics", {"m": "1"}),
        ("context", 5),
        ("context", {"x": LONE}),
        ("context", {LONE: 1}),
        ("context", {"x": [NAN]}),
        ("context", {"x": {"y": 10**400}}),
        ("context", {"x": b"x"}),
        ("context", nested(CONTEXT_NESTING_MAX + 1)),
    ],
)
def test_a_field_of_feedback(watched: Watched, field: str, value: object) -> None:
    fields: dict[str, Any] = {"function_id": "f", "execution_id": "x", field: value}
    watched.refuses(field, "submit_feedback", FeedbackEvent(**fields))


def test_feedback_may_be_nested_as_deep_as_it_says(watched: Watched) -> None:
    feedback = FeedbackEvent(
        function_id="f", execution_id="deep", context=nested(CONTEXT_NESTING_MAX)
    )
    assert watched.call("submit_feedback", feedback).pending


def test_what_is_left_until_a_deadline_may_be_below_0(watched: Watched) -> None:
    watched.still_works()
    assert watched.call("flush", -1.5)
    assert watched.call("wait", -1) is None
    assert watched.run(lambda: watched.opened.take(-1)) is None
    assert watched.run(lambda: watched.opened.flush(-1))
    assert watched.run(lambda: watched.opened.wait_open(-1)) is None


@pytest.mark.parametrize("word", ["take", "flush", "wait_open"])
@pytest.mark.parametrize("timeout_s", ["1", NAN, 1e300, True])
def test_a_timeout_of_a_subscription(watched: Watched, word: str, timeout_s: object) -> None:
    with pytest.raises(PubSubInvalidError, match=r"^BAD_REQUEST: timeout_s: "):
        watched.run(lambda: getattr(watched.opened, word)(timeout_s))


def test_nothing_of_the_above_broke_a_client(watched: Watched) -> None:
    watched.still_works()


@pytest.mark.parametrize("kind", [PubSubClient, AsyncPubSubClient])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, value) for name in ("address", "source") for value in NO_TEXTS),
        *((name, value) for name in ("namespace", "name") for value in (*NO_TEXTS, None)),
        ("name", "x" * 256),
        *(("timeout_s", value) for value in (-1, NAN, 1e300, "1", None, True)),
    ],
)
def test_an_argument_of_a_client(kind: Any, field: str, value: object) -> None:  # noqa: ANN401
    with pytest.raises(PubSubInvalidError, match=f"^BAD_REQUEST: {field}: "):
        kind(**{field: value})
