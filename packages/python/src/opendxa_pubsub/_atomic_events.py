"""Events that are stored together or not at all."""

import dataclasses
from collections.abc import Callable, Iterable

from opendxa_pubsub._batch import BatchProducer, encode_batch
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2, publisher_service_pb2
from opendxa_pubsub._limits import FRAME_BATCHES_MAX, FRAME_BYTES_MAX, UINT32_MAX, UINT64_MAX
from opendxa_pubsub._pending_event import PendingEvent, Settle
from opendxa_pubsub._receipt import PublishReceipt

Settled = Callable[[list[PublishReceipt] | PubSubError], None]


class AtomicEvents:
    """Events packed by topic-partition, with what becomes of each."""

    def __init__(
        self,
        events: Iterable[PendingEvent],
        turn: int,
        producer_id: bytes = b"",
        settled: Settled = lambda _: None,
    ) -> None:
        """Packs the events; those of a topic without a key go to the partition whose turn it is.

        Args:
            events: Checked and encoded events; what they call when settled is replaced.
            turn: Counts up from call to call.
            producer_id: Producer whose epoch and sequences the batches will get; empty: none.
            settled: Called once every event is settled.

        Raises:
            PubSubInvalidError: LIMIT_EXCEEDED, no frame holds them.
        """
        self._outcomes: dict[int, PublishReceipt | PubSubError] = {}
        self._settled = settled
        self._count = 0
        groups: dict[tuple[str, int], list[PendingEvent]] = {}
        for at, pending in enumerate(events):
            partition = pending.partition
            if partition is None:
                partition = turn % pending.partitions
            told = dataclasses.replace(pending, settle=self._told(at))
            groups.setdefault((pending.topic, partition), []).append(told)
            self._count = at + 1
        # The largest numbers: with those that it gets when it is sent, a batch is no larger.
        largest = BatchProducer(producer_id, UINT32_MAX, UINT64_MAX) if producer_id else None
        self.batches = [
            (_packed(group, partition, largest), group) for (_, partition), group in groups.items()
        ]
        if producer_id:
            _check_frame(self.frame(UINT64_MAX))

    @property
    def pending(self) -> list[PendingEvent]:
        """All of its events."""
        return [pending for _, group in self.batches for pending in group]

    @property
    def size(self) -> int:
        """Bytes that its events take in a frame at most."""
        return sum(pending.size for pending in self.pending)

    def frame(self, number: int = 0) -> publisher_service_pb2.PublishFrame:
        """The frame of which all is stored or nothing."""
        batches = [batch for batch, _ in self.batches]
        return publisher_service_pb2.PublishFrame(number=number, batches=batches, atomic=True)

    def outcome(self) -> list[PublishReceipt] | PubSubError:
        """Where each event lies, in order, or what refused one: then none is stored."""
        found = [self._outcomes[at] for at in sorted(self._outcomes)]
        refusals = [each for each in found if isinstance(each, PubSubError)]
        if not refusals:
            return [each for each in found if not isinstance(each, PubSubError)]
        # Of an atomic frame the batches without a fault are refused too, and say only that.
        causes = [each for each in refusals if each.metadata.get("field") != "frame.atomic"]
        return (causes or refusals)[0]

    def _told(self, at: int) -> Settle:
        def told(outcome: PublishReceipt | PubSubError) -> None:
            self._outcomes[at] = outcome
            if len(self._outcomes) == self._count:
                self._settled(self.outcome())

        return told


def _packed(
    group: list[PendingEvent], partition: int, producer: BatchProducer | None
) -> batch_pb2.RecordBatch:
    return encode_batch(
        group[0].topic,
        [pending.event for pending in group],
        partition=partition,
        producer=producer,
        priority=group[0].priority,
        deliver_time_unix_ms=group[0].deliver_time_unix_ms,
        bodies=[pending.body for pending in group],
    )


def _check_frame(frame: publisher_service_pb2.PublishFrame) -> None:
    """Refuses what would end the stream for every other publish."""
    for field, size, limit in (
        ("batches", len(frame.batches), FRAME_BATCHES_MAX),
        ("frame", frame.ByteSize(), FRAME_BYTES_MAX),
    ):
        if size > limit:
            metadata = {"field": field, "limit": limit, "size": size}
            raise pubsub_error("LIMIT_EXCEEDED", f"{field}: {size}, at most {limit}", metadata)
