"""The protocol's forms of events and settings, and waiting for a condition."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

from opendxa_pubsub import OutgoingEvent, PubSubError, ReceivedEvent, StoredEvent

TAKE_TIMEOUT_MS_DEFAULT = 15_000
TAKE_TURN_S = 0.05
JSON_TYPE = "application/json"
ENVELOPE = (
    "id",
    "source",
    "subject",
    "correlation_id",
    "causation_id",
    "ordering_key",
    "data_content_type",
    "data_schema",
    "traceparent",
    "attributes",
)


def event_of(fields: dict[str, Any]) -> OutgoingEvent:
    """An event of the protocol as the client takes it: 64-bit numbers are decimal texts."""
    given = {name: fields[name] for name in ENVELOPE if name in fields}
    given["type"] = fields.get("type", "conformance")
    if "time_unix_ns" in fields:
        given["time_unix_ns"] = int(fields["time_unix_ns"])
    if "data_base64" in fields:
        given["data"] = base64.b64decode(fields["data_base64"])
    if "fill_bytes" in fields:
        given["data"] = b"x" * fields["fill_bytes"]
    if "key_bytes" in fields:
        given["ordering_key"] = "k" * fields["key_bytes"]
    if "attribute_count" in fields:
        given["attributes"] = {str(at): "" for at in range(fields["attribute_count"])}
    if "text" in fields:
        given["data"] = fields["text"].encode()
        given.setdefault("data_content_type", "text/plain; charset=utf-8")
    if "json" in fields:
        given["data"] = json.dumps(fields["json"], ensure_ascii=False).encode()
        given.setdefault("data_content_type", JSON_TYPE)
    return OutgoingEvent(**given)


def stored_json(event: StoredEvent) -> dict[str, Any]:
    """A stored event in the protocol's form."""
    answer = {
        "topic": event.topic,
        "offset": str(event.offset),
        "partition": event.partition,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time_unix_ns": str(event.time_unix_ns),
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "ordering_key": event.ordering_key,
        "data_base64": base64.b64encode(event.data).decode(),
        "data_content_type": event.data_content_type,
        "data_schema": event.data_schema,
        "traceparent": event.traceparent,
        "attributes": dict(event.attributes),
    }
    if event.data_content_type == JSON_TYPE:
        answer["json"] = event.json()
    return answer


def received_json(event: ReceivedEvent) -> dict[str, Any]:
    """A delivered event in the protocol's form."""
    return {**stored_json(event), "attempt": event.attempt, "sequence": str(event.sequence)}


def setting_values(settings: dict[str, str | int]) -> dict[str, Any]:
    """Settings of a topic: 64-bit numbers are decimal texts."""
    return {name: value if name == "durability" else int(value) for name, value in settings.items()}


def subscription_values(settings: dict[str, str | int]) -> dict[str, Any]:
    """Settings of a subscription: 64-bit numbers are decimal texts."""
    known: dict[str, Any] = dict(settings)
    retry_ms = known.pop("retry_ms", None)
    if retry_ms is not None:
        known["retry_min_ms"] = retry_ms
        known.setdefault("retry_max_ms", retry_ms)
    time_unix_ms = known.pop("time_unix_ms", None)
    if time_unix_ms is not None:
        known["start"] = int(time_unix_ms)
    if "expiry_ms" in known:
        known["expiry_ms"] = int(known["expiry_ms"])
    return known


def unix_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def until_true(condition: Callable[[], bool]) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + TAKE_TIMEOUT_MS_DEFAULT / 1_000
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition never held")
        time.sleep(0.05)


def error_json(error: PubSubError) -> dict[str, Any]:
    """An error of the client as the protocol tells it."""
    return {
        "reason": error.reason,
        "code": error.code,
        "retryable": error.retryable,
        "metadata": error.metadata,
    }
