"""What can be published, and how it becomes an event."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from opendxa_pubsub._arguments import text
from opendxa_pubsub._json_value import json_bytes, json_value
from opendxa_pubsub._outgoing_event import OutgoingEvent

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_TYPE_OF_CLASS = {"FeedbackEvent": "feedback", "LearningEvent": "learning"}


@dataclasses.dataclass(slots=True, kw_only=True)
class FeedbackEvent:
    """Feedback on one execution of a function; envelope type ``feedback``.

    Attributes:
        function_id: The function; POET's ``function_name``.
        execution_id: The execution that it is about.
        feedback_type: ``success``, ``error``, ``performance``, ``quality``, ``user`` or ``system``.
        timestamp: When it was given, RFC 3339 in UTC.
        metrics: Measured values by name.
        context: Whatever else the learner may need, any JSON by name.
        suggestions: What should change, in words.
        rating: Judgement of a person or system; the scale is the source's.
        comments: Free text.
        version: Version of the function that ran.
        source: System that it came from, such as ``pagerduty``.
        supersedes: Id of the feedback that it revises.
        retracted: The superseded feedback is taken back and nothing replaces it.
    """

    function_id: str
    execution_id: str
    feedback_type: str = "success"
    timestamp: str = ""
    metrics: dict[str, float] = dataclasses.field(default_factory=dict)
    context: dict[str, Any] = dataclasses.field(default_factory=dict)
    suggestions: list[str] = dataclasses.field(default_factory=list)
    rating: float | None = None
    comments: str | None = None
    version: str | None = None
    source: str | None = None
    supersedes: str | None = None
    retracted: bool | None = None


@dataclasses.dataclass(slots=True, kw_only=True)
class LearningEvent:
    """What was learned about a function; envelope type ``learning``.

    Attributes:
        function_id: The function; POET's ``function_name``.
        version: Version of the function.
        learning_type: ``improvement``, ``regression`` or ``new_pattern``.
        timestamp: When it was learned, RFC 3339 in UTC.
        changes: What changed, any JSON by name.
        metrics: Measured values by name.
    """

    function_id: str
    version: str = ""
    learning_type: str = "improvement"
    timestamp: str = ""
    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    metrics: dict[str, float] = dataclasses.field(default_factory=dict)


Publishable = (
    OutgoingEvent | Mapping[str, Any] | FeedbackEvent | LearningEvent | bytes | str | object
)
"""An event with its envelope; or a payload: a mapping, a dataclass, a Dana struct, bytes, text."""


def outgoing_event(topic: str, given: Publishable, options: Mapping[str, Any]) -> OutgoingEvent:
    """Makes an event of what was given.

    Args:
        topic: Where it goes; decides the type of a payload that has none.
        given: An event, or a payload.
        options: Fields of the envelope that the caller stated.

    Raises:
        PubSubInvalidError: BAD_REQUEST where the payload cannot be written.
    """
    stated = {name: value for name, value in options.items() if value is not None}
    if isinstance(given, OutgoingEvent):
        return dataclasses.replace(given, **stated) if stated else given
    if isinstance(given, bytes | bytearray | memoryview):
        return OutgoingEvent(**{"type": "bytes", "data": bytes(given), **stated})
    if isinstance(given, str):
        data = text("event", given).encode()
        return OutgoingEvent(**{"type": "text", "data": data, "data_content_type": _TEXT, **stated})
    plain = json_value("event", given)
    envelope: dict[str, Any] = {"type": _type_of(topic, given), "data": json_bytes("event", plain)}
    if envelope["type"] == "feedback" and isinstance(plain, dict):
        envelope["correlation_id"] = plain.get("execution_id") or None
    return OutgoingEvent(**{**envelope, "data_content_type": _JSON, **stated})


def _type_of(topic: str, given: object) -> str:
    struct = getattr(given, "struct_type", None)
    name = getattr(struct, "name", type(given).__name__)
    if name in _TYPE_OF_CLASS:
        return _TYPE_OF_CLASS[name]
    last = topic.rpartition("/")[2]
    return last if last in _TYPE_OF_CLASS.values() else "json"
