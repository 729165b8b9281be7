"""An event that waits to be sent."""

from collections.abc import Callable
from dataclasses import dataclass

from opendxa_pubsub._errors import PubSubError
from opendxa_pubsub._gen.opendxa.pubsub.v1 import event_pb2
from opendxa_pubsub._outgoing_event import OutgoingEvent
from opendxa_pubsub._receipt import PublishReceipt

# Framing of head and body, and every tag and length of their texts.
_EVENT_FRAMING_BYTES = 96

Settle = Callable[[PublishReceipt | PubSubError], None]


@dataclass(slots=True, frozen=True)
class PendingEvent:
    """An event that waits, checked and with its body encoded."""

    topic: str
    partitions: int
    event: OutgoingEvent
    body: bytes
    partition: int | None
    priority: event_pb2.Priority
    deliver_time_unix_ms: int | None
    settle: Settle

    @property
    def size(self) -> int:
        """Bytes that it takes in a frame at most."""
        event = self.event
        texts = (event.id, event.source, event.type, event.subject, event.correlation_id)
        more = (event.causation_id, event.ordering_key)
        known = sum(len(text.encode()) for text in (*texts, *more) if text)
        return len(self.body) + known + _EVENT_FRAMING_BYTES
