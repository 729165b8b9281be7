"""A stored event, read from its batch or from an answer; its body is parsed when asked for."""

import json
from collections.abc import Mapping
from typing import Any

from opendxa_pubsub._errors import pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2, event_pb2
from opendxa_pubsub._outgoing_event import EventMetadata

_NS_PER_MS = 1_000_000
_PRIORITIES = {event_pb2.PRIORITY_HIGH: "high", event_pb2.PRIORITY_LOW: "low"}
_CONTENT_TYPE_DEFAULT = "application/octet-stream"


class StoredEvent:
    """An event as the broker stored it, with every default filled in."""

    __slots__ = ("_batch", "_body", "_body_bytes", "_head", "_index")

    def __init__(
        self,
        batch: batch_pb2.RecordBatch,
        head: event_pb2.EventHead,
        index: int,
        body: bytes | event_pb2.EventBody | None,
    ) -> None:
        """Binds the parts; the codec makes these, not the user.

        Args:
            batch: The batch that holds it.
            head: Its head as stored.
            index: Its index in the batch.
            body: Its body, parsed or not; None where the broker could not read it.
        """
        self._batch = batch
        self._head = head
        self._index = index
        self._body_bytes = body if isinstance(body, bytes) else None
        self._body = None if isinstance(body, bytes) else body

    def _parsed(self) -> event_pb2.EventBody:
        if self._body is None:
            if self._body_bytes is None:
                rule = "readable by the broker"
                text = f"the body of event {self.id} is not {rule}"
                raise pubsub_error("BATCH_MALFORMED", text, {"field": "body", "rule": rule})
            try:
                self._body = event_pb2.EventBody.FromString(self._body_bytes)
            except Exception as error:  # protobuf's own error class differs by its implementation
                rule = "a protobuf message"
                metadata = {"index": self._index, "field": "body", "rule": rule}
                text = f"body of event {self._index}: {rule}"
                raise pubsub_error("BATCH_MALFORMED", text, metadata) from error
            self._body_bytes = None
        return self._body

    def _stated(self, name: str) -> Any:  # noqa: ANN401 - texts and numbers alike
        if self._head.HasField(name):
            return getattr(self._head, name)
        if self._batch.defaults.HasField(name):
            return getattr(self._batch.defaults, name)
        return None

    @property
    def topic(self) -> str:
        """Topic that holds it."""
        return self._batch.topic

    @property
    def partition(self) -> int:
        """Partition of the topic."""
        return self._batch.partition

    @property
    def offset(self) -> int:
        """Offset in the topic-partition."""
        return self._batch.base_offset + self._index

    @property
    def append_time_unix_ms(self) -> int:
        """When the broker stored it, milliseconds since the Unix epoch."""
        return self._batch.append_time_unix_ms

    @property
    def priority(self) -> str:
        """Lane that it was published in: ``high``, ``normal`` or ``low``."""
        return _PRIORITIES.get(self._batch.priority, "normal")

    @property
    def id(self) -> str:
        """Identifies it together with ``source``."""
        stated: str | None = self._stated("id")
        if stated is not None:
            return stated
        return f"{self._batch.producer_id.hex()}-{self._batch.base_sequence + self._index}"

    @property
    def source(self) -> str:
        """Who it is from."""
        stated: str | None = self._stated("source")
        return f"/producers/{self._batch.producer_id.hex()}" if stated is None else stated

    @property
    def type(self) -> str:
        """What happened."""
        return self._stated("type") or ""

    @property
    def subject(self) -> str | None:
        """What it is about."""
        stated: str | None = self._stated("subject")
        return stated

    @property
    def time_unix_ns(self) -> int:
        """When it happened, nanoseconds since the Unix epoch."""
        stated: int | None = self._stated("time_unix_ns")
        return self.append_time_unix_ms * _NS_PER_MS if stated is None else stated

    @property
    def correlation_id(self) -> str | None:
        """Binds what belongs to one piece of work."""
        stated: str | None = self._stated("correlation_id")
        return stated

    @property
    def causation_id(self) -> str | None:
        """Id of the event that caused it."""
        stated: str | None = self._stated("causation_id")
        return stated

    @property
    def ordering_key(self) -> str | None:
        """Events of one key are kept in order."""
        stated: str | None = self._stated("ordering_key")
        return stated

    @property
    def expire_time_unix_ms(self) -> int | None:
        """From then on it is not delivered, milliseconds since the Unix epoch."""
        stated: int | None = self._stated("expire_time_unix_ms")
        return stated

    @property
    def data(self) -> bytes:
        """The payload."""
        return self._parsed().data

    @property
    def data_content_type(self) -> str:
        """Media type of the payload."""
        return self._parsed().data_content_type or _CONTENT_TYPE_DEFAULT

    @property
    def data_schema(self) -> str | None:
        """URI of the payload's schema."""
        return self._parsed().data_schema or None

    @property
    def metadata(self) -> EventMetadata | None:
        """Where it was made."""
        body = self._parsed()
        if not body.HasField("metadata"):
            return None
        made = body.metadata
        return EventMetadata(made.version, made.service, made.environment)

    @property
    def attributes(self) -> Mapping[str, str]:
        """Free attributes."""
        return dict(self._parsed().attributes)

    @property
    def traceparent(self) -> str | None:
        """W3C trace context."""
        return self._parsed().traceparent or None

    @property
    def tracestate(self) -> str | None:
        """W3C trace state."""
        return self._parsed().tracestate or None

    def text(self) -> str:
        """The payload as UTF-8 text.

        Raises:
            UnicodeDecodeError: It is no UTF-8.
        """
        return self.data.decode()

    def json(self) -> Any:  # noqa: ANN401 - a payload may be any JSON value
        """The payload parsed as JSON.

        Raises:
            ValueError: It is no JSON.
        """
        return json.loads(self.data)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a payload may be any JSON value
        """A field of the JSON payload, as Dana's handlers read it: ``event["execution_id"]``.

        Raises:
            KeyError: The payload has no such field.
        """
        payload = self.json()
        if not isinstance(payload, dict):
            raise KeyError(name)
        return payload[name]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as above
        """A field of the JSON payload, or the default where it has none."""
        payload = self.json()
        return payload.get(name, default) if isinstance(payload, dict) else default

    def __repr__(self) -> str:
        """Where it lies and what it is; not its payload."""
        where = f"{self.topic}/{self.partition}@{self.offset}"
        return f"<{type(self).__name__} {self.type!r} {self.id!r} {where}>"


def stored_event(event: event_pb2.Event) -> StoredEvent:
    """A stored event from an answer that holds it in full."""
    batch = batch_pb2.RecordBatch(
        topic=event.topic,
        partition=event.partition,
        base_offset=event.offset,
        append_time_unix_ms=event.append_time_unix_ms,
        priority=event.priority,
    )
    return StoredEvent(batch, event.head, 0, event.body if event.HasField("body") else None)
