"""Whatever is given: it is carried out, or refused by name, and the client goes on.

Texts stay below 8 KiB and calls that could wait long get no good timeout.
"""

from typing import Any

from both_clients import Watched
from hypothesis import given, settings
from hypothesis import strategies as st

from opendxa_pubsub import (
    EventMetadata,
    FeedbackEvent,
    OutgoingEvent,
    PublishOptions,
    PubSubError,
    PubSubTimeoutError,
    SubscriptionOptions,
)

# What an error names instead of a field, by the contract's comments on its reason.
NAMED = {
    "TOPIC_NAME_INVALID": {"topic"},
    "TOPIC_PATTERN_INVALID": {"pattern"},
    "TOPIC_NOT_FOUND": {"topic"},
    "PARTITION_INVALID": {"partition"},
    "SUBSCRIPTION_NOT_FOUND": {"subscription"},
    "SNAPSHOT_NOT_FOUND": {"snapshot"},
    "EXECUTION_NOT_FOUND": {"execution_id"},
    "EVENT_NOT_FOUND": {"event_id", "ordering_key", "sequence"},
    "CORRELATION_KEY_INVALID": {"key"},
    "OFFSET_OUT_OF_RANGE": {"offset"},
}
EDGES = (-1, 0, 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 2**70)
NO_NUMBERS: st.SearchStrategy[Any] = (
    st.sampled_from([float("nan"), float("inf"), 1e300, "1", "", b"\xff", "\ud800", True])
    | st.text(max_size=5)
    | st.recursive(
        st.none(), lambda inner: st.lists(inner, min_size=1, max_size=2), max_leaves=4
    ).filter(lambda given: given is not None)
)
HOSTILE: st.SearchStrategy[Any] = (
    NO_NUMBERS
    | st.none()
    | st.sampled_from(EDGES)
    | st.integers()
    | st.floats()
    | st.text(max_size=300)
    | st.sampled_from(["a\udfff", "x" * 2_000, "\x00", "a//b", "$a", "**", "high", "earliest"])
    | st.binary(max_size=20)
    | st.lists(st.text(max_size=3) | st.integers() | st.none(), max_size=3)
    | st.dictionaries(st.text(max_size=3) | st.integers(), st.text(max_size=3), max_size=2)
)
SOME = settings(max_examples=50, deadline=None)


def some_of(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), HOSTILE, min_size=1, max_size=3)


def attempted(watched: Watched, word: str, *arguments: object, **named: object) -> Any:  # noqa: ANN401
    """What a word answers; None where it is refused, which then has to say what."""
    try:
        return watched.call(word, *arguments, **named)
    except PubSubError as refused:
        error = refused
    if isinstance(error, PubSubTimeoutError):
        assert word == "await_feedback"
    else:
        assert error.metadata.keys() & NAMED.get(error.reason, {"field"}), repr(error)
    return None


EVENTS = HOSTILE | st.builds(
    lambda fields: OutgoingEvent(**fields), some_of(list(OutgoingEvent.__dataclass_fields__))
)
METADATA = st.builds(EventMetadata, HOSTILE, HOSTILE, HOSTILE)


@SOME
@given(event=EVENTS, options=some_of([*PublishOptions.__annotations__, "bogus"]), metadata=METADATA)
def test_publishing(
    watched: Watched, event: object, options: dict[str, Any], metadata: EventMetadata
) -> None:
    attempted(watched, "publish", watched.topic, event)
    attempted(watched, "publish", watched.topic, "x", **options)
    attempted(watched, "publish", watched.topic, "x", metadata=metadata)
    attempted(watched, "publish", event, "x")
    attempted(watched, "publish_atomic", [(watched.topic, "x"), (watched.topic, event)], **options)
    attempted(watched, "publish_atomic", event)
    received = watched.next_event()
    attempted(watched, "ack_and_publish", [received], watched.topic, [event], **options)
    attempted(watched, "ack_and_publish", event, watched.topic, event)
    if not received.is_settled:
        received.ack()
    watched.still_works()


@SOME
@given(topic=HOSTILE, options=some_of([*SubscriptionOptions.__annotations__, "bogus"]))
def test_subscribing(watched: Watched, topic: object, options: dict[str, Any]) -> None:
    ways: list[tuple[tuple[object, ...], dict[str, Any]]] = [
        ((watched.topic,), options),
        ((topic,), {}),
        ((watched.topic, topic), {}),
        ((watched.topic, None, topic), {}),
    ]
    for arguments, named in ways:
        opened = attempted(watched, "subscribe", *arguments, **named)
        if opened is not None:
            watched.run(opened.close)
    attempted(watched, "create_subscription", topic, watched.topic, **options)
    watched.still_works()


@SOME
@given(word=st.sampled_from(["nack", "extend"]), first=HOSTILE, second=HOSTILE)
def test_settling(watched: Watched, word: str, first: object, second: object) -> None:
    event = watched.next_event()
    arguments = {"reason": first, "delay_ms": second} if word == "nack" else {"deadline_ms": first}
    field = None
    try:
        watched.run(lambda: getattr(event, word)(**arguments))
    except PubSubError as error:
        field = error.metadata["field"]
    assert field is None or field in arguments
    assert event.is_settled == (word == "nack" and field is None)
    if not event.is_settled:
        event.ack()
    assert watched.flushed(event) == "settled"
    watched.still_works()


# Words with what may be given for each argument; those that are not named are what they should be.
WORDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "cancel_scheduled_event": dict.fromkeys(("topic", "source", "id"), HOSTILE),
    "flush": {"timeout_s": NO_NUMBERS},
    "wait": {"seconds": NO_NUMBERS},
    "read": {
        **dict.fromkeys(("topic", "offset", "partition", "events_max"), HOSTILE),
        "follow": HOSTILE.filter(lambda given: given is not True),
    },
    "events_by_correlation_id": {"correlation_id": HOSTILE},
    "create_topic": dict.fromkeys(
        (
            "name",
            "partitions",
            "index",
            "dedup_window_ms",
            "dedup_ids_max",
            "retention_ms",
            "retention_bytes",
            "durability",
        ),
        HOSTILE,
    ),
    "update_topic": dict.fromkeys(
        ("name", "dedup_window_ms", "dedup_ids_max", "retention_ms", "durability", "bogus"), HOSTILE
    ),
    "delete_topic": {"name": HOSTILE},
    "update_subscription": dict.fromkeys(
        ("name", "ack_deadline_ms", "attempts_max", "retry_min_ms", "expiry_ms", "bogus"), HOSTILE
    ),
    "pause_subscription": {"name": HOSTILE, "reason": HOSTILE},
    "resume_subscription": {"name": HOSTILE},
    "seek_subscription": dict.fromkeys(
        ("name", "start", "sequence", "snapshot", "topic", "partition", "offset"), HOSTILE
    ),
    "delete_subscription": {"name": HOSTILE},
    "create_snapshot": {"name": HOSTILE, "subscription": HOSTILE},
    "list_snapshots": {"subscription": HOSTILE},
    "delete_snapshot": {"name": HOSTILE},
    "get_accounting": {"name": HOSTILE},
    "list_blocked_keys": {"name": HOSTILE},
    "skip_events": dict.fromkeys(("name", "sequence", "first_index", "last_index"), HOSTILE),
    "release_key": dict.fromkeys(("name", "ordering_key", "topic"), HOSTILE),
    "consume": {
        **dict.fromkeys(("subscription", "deliveries_max", "max_outstanding"), HOSTILE),
        "wait_ms": NO_NUMBERS,
    },
    "register_execution": dict.fromkeys(
        (
            "execution_id",
            "function_name",
            "version",
            "correlation_keys",
            "correlation_id",
            "within_s",
            "policy",
            "feedback_count",
        ),
        HOSTILE,
    ),
    "get_execution": {"execution_id": HOSTILE},
    "await_feedback": {
        **dict.fromkeys(
            ("execution_id", "wait_id", "within_s", "policy", "feedback_count"), HOSTILE
        ),
        "timeout_s": NO_NUMBERS,
    },
    "submit_feedback": {
        "feedback": HOSTILE
        | st.builds(
            lambda fields: FeedbackEvent(**{"function_id": "f", "execution_id": "x", **fields}),
            some_of(list(FeedbackEvent.__dataclass_fields__)),
        ),
        **dict.fromkeys(("correlation_keys", "id", "source"), HOSTILE),
    },
}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    word = draw(st.sampled_from(sorted(WORDS)))
    names = draw(st.lists(st.sampled_from(sorted(WORDS[word])), min_size=1, max_size=3))
    return word, {name: draw(WORDS[word][name]) for name in names}


GOOD: dict[str, dict[str, Any]] = {
    "cancel_scheduled_event": {"source": "s", "id": "i"},
    "create_snapshot": {"name": "hostile"},
    "delete_snapshot": {"name": "hostile"},
    "skip_events": {"sequence": 1, "first_index": 0},
    "release_key": {"ordering_key": "k"},
    "consume": {"wait_ms": 1, "deliveries_max": 1},
    "events_by_correlation_id": {"correlation_id": "c"},
    "register_execution": {"execution_id": "x", "function_name": "f"},
    "get_execution": {"execution_id": "x"},
    "await_feedback": {"execution_id": "x", "timeout_s": 0.01},
    "submit_feedback": {"feedback": FeedbackEvent(function_id="f", execution_id="x")},
}
OF_SUBSCRIPTIONS = {
    "update_subscription",
    "pause_subscription",
    "resume_subscription",
    "seek_subscription",
    "get_accounting",
    "list_blocked_keys",
    "skip_events",
    "release_key",
}


def good(watched: Watched, word: str) -> dict[str, Any]:
    named = dict(GOOD.get(word, {}))
    if word in OF_SUBSCRIPTIONS:
        named["name"] = watched.spare
    elif word in ("create_snapshot", "consume"):
        named["subscription"] = watched.spare
    elif word in ("create_topic", "update_topic"):
        named["name"] = watched.spare
    elif word in ("read", "cancel_scheduled_event"):
        named["topic"] = watched.spare
    return named


@settings(SOME, max_examples=100)
@given(call=calls())
def test_calls(watched: Watched, call: tuple[str, dict[str, Any]]) -> None:
    word, named = call
    attempted(watched, word, **{**good(watched, word), **named})
    watched.still_works()
