"""Settling received events together with a publish, for both clients."""

import dataclasses
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opendxa_pubsub._arguments import bad_argument, several
from opendxa_pubsub._batch import encode_batch
from opendxa_pubsub._errors import PubSubError
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2, publisher_service_pb2
from opendxa_pubsub._leases import Lease, Settled, SettlementOutcome, position_ranges
from opendxa_pubsub._options import pending_event
from opendxa_pubsub._publish_window import PendingEvent
from opendxa_pubsub._publishable import Publishable
from opendxa_pubsub._receipt import PublishReceipt, outcomes_of
from opendxa_pubsub._received_event import ReceivedEvent


@dataclass(slots=True, frozen=True)
class AckAndPublishOutcome:
    """What became of events that were acked together with a publish.

    Attributes:
        is_stale: A lease was over: nothing was acked and nothing stored; the events come again.
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
        outputs: Iterable[PendingEvent],
    ) -> None:
        """Packs the outputs by partition.

        Args:
            namespace: Namespace of everything.
            events: What is acked.
            outputs: What is published, checked and encoded.

        Raises:
            PubSubInvalidError: BAD_REQUEST, nothing to ack or to publish, or events of several
                subscriptions.
        """
        self._events = list(several("events", events))
        if not all(isinstance(event, ReceivedEvent) for event in self._events):
            raise bad_argument("events", "events that were received")
        if len({event.subscription for event in self._events}) != 1:
            raise bad_argument("events", "at least one event, all of one subscription")
        self._groups: dict[int, list[tuple[int, PendingEvent]]] = {}
        for at, output in enumerate(outputs):
            self._groups.setdefault(output.partition or 0, []).append((at, output))
        if not self._groups:
            raise bad_argument("outputs", "at least one event is published")
        self._batches = [self._batch(partition) for partition in self._groups]
        self.request = publisher_service_pb2.AckAndPublishRequest(
            namespace=namespace,
            subscription=self._events[0].subscription,
            acks=self._acks(),
            frame=publisher_service_pb2.PublishFrame(batches=self._batches, atomic=True),
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

    def _batch(self, partition: int) -> batch_pb2.RecordBatch:
        group = [output for _, output in self._groups[partition]]
        return encode_batch(
            group[0].topic,
            [output.event for output in group],
            partition=partition,
            priority=group[0].priority,
            deliver_time_unix_ms=group[0].deliver_time_unix_ms,
            bodies=[output.body for output in group],
        )

    def _receipts(
        self, answer: publisher_service_pb2.AckAndPublishResponse
    ) -> list[PublishReceipt]:
        found: dict[int, PublishReceipt] = {}
        refusals: list[PubSubError] = []
        for group, batch, result in zip(
            self._groups.values(), self._batches, answer.results, strict=True
        ):
            outcomes = outcomes_of(batch, [output.event.id for _, output in group], result)
            for (at, _), outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, PubSubError):
                    refusals.append(outcome)
                else:
                    found[at] = outcome
        if refusals:
            # Of an atomic frame the batches without a fault are refused too, and say only that.
            causes = [each for each in refusals if each.metadata.get("field") != "frame.atomic"]
            raise (causes or refusals)[0]
        return [found[at] for at in sorted(found)]


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
