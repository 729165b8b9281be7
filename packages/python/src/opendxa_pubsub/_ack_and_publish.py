"""Settling received events together with a publish, for both clients."""

import dataclasses
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opendxa_pubsub._arguments import bad_argument, several
from opendxa_pubsub._atomic_events import AtomicEvents
from opendxa_pubsub._errors import PubSubError
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2
from opendxa_pubsub._leases import Lease, Settled, SettlementOutcome, position_ranges
from opendxa_pubsub._options import pending_event
from opendxa_pubsub._pending_event import PendingEvent
from opendxa_pubsub._publishable import Publishable
from opendxa_pubsub._receipt import PublishReceipt, outcomes_of
from opendxa_pubsub._received_event import ReceivedEvent


@dataclass(slots=True, frozen=True)
class AckAndPublishOutcome:
    """What became of events that were acked together with a publish.

    Attributes:
        is_stale: A lease was over or an input settled: nothing was acked and nothing stored.
        receipts: Where the published events lie, in their order; empty when it was stale.
    """

    is_stale: bool
    receipts: list[PublishReceipt]


class AckAndPublishCall:
    """One call: its request, and what its answer means for the events."""

    def __init__(
        self,
        namespace: str,
        events: Iterable[ReceivedEvent],
        outputs: AtomicEvents,
    ) -> None:
        """Makes the request.

        Args:
            namespace: Namespace of everything.
            events: What is acked.
            outputs: What is published.

        Raises:
            PubSubInvalidError: BAD_REQUEST, nothing to ack or to publish, or events of several
                subscriptions.
        """
        self._events = list(several("events", events))
        if not all(isinstance(event, ReceivedEvent) for event in self._events):
            raise bad_argument("events", "events that were received")
        if len({event.subscription for event in self._events}) != 1:
            raise bad_argument("events", "at least one event, all of one subscription")
        self._outputs = outputs
        if not outputs.batches:
            raise bad_argument("outputs", "at least one event is published")
        self.request = publisher_service_pb2.AckAndPublishRequest(
            namespace=namespace,
            subscription=self._events[0].subscription,
            acks=self._acks(),
            frame=outputs.frame(),
        )

    @property
    def is_stale(self) -> bool:
        """Whether one of the events was settled here before."""
        return any(event.is_settled for event in self._events)

    def outcome(self, answer: publisher_service_pb2.AckAndPublishResponse) -> AckAndPublishOutcome:
        """What the broker did.

        Raises:
            PubSubError: What refuses an event; nothing happened.
        """
        receipts = [] if answer.stale else self._receipts(answer)
        told = SettlementOutcome.STALE if answer.stale else SettlementOutcome.SETTLED
        for event in self._events:
            event._speak(event._lease, event._index, Settled())
            event._lease.outcomes[event._index] = told
        return AckAndPublishOutcome(answer.stale, receipts)

    def _acks(self) -> list[publisher_service_pb2.PositionRanges]:
        indexes: dict[Lease, list[int]] = {}
        for event in self._events:
            indexes.setdefault(event._lease, []).append(event._index)
        return [position_ranges(lease, named) for lease, named in indexes.items()]

    def _receipts(
        self, answer: publisher_service_pb2.AckAndPublishResponse
    ) -> list[PublishReceipt]:
        for (batch, group), result in zip(self._outputs.batches, answer.results, strict=True):
            ids = [pending.event.id for pending in group]
            for pending, outcome in zip(group, outcomes_of(batch, ids, result), strict=True):
                pending.settle(outcome)
        receipts = self._outputs.outcome()
        if isinstance(receipts, PubSubError):
            raise receipts
        return receipts


def pending_outputs(
    topic: str,
    partitions: int,
    outputs: Iterable[Publishable],
    options: Mapping[str, Any],
    source: str,
) -> list[PendingEvent]:
    """Makes outputs ready to be packed; those without an id get a random one."""
    pending = []
    for output in several("outputs", outputs):
        made = pending_event(topic, partitions, output, options, source, lambda _: None)
        if made.event.id is None:
            event = dataclasses.replace(made.event, id=str(uuid.uuid4()))
            made = dataclasses.replace(made, event=event)
        pending.append(made)
    return pending
