"""The state of one publisher, without threads, sockets or a clock.

Holds the events that wait, packs them into frames under the broker's credit, keeps what is not
acknowledged, and numbers it anew after a reconnection, under the same producer sequences: so that
nothing is stored twice (S-P2).
"""

import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from opendxa_pubsub._atomic_events import AtomicEvents
from opendxa_pubsub._batch import BatchProducer, encode_batch
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2, event_pb2, publisher_service_pb2
from opendxa_pubsub._limits import (
    BATCH_EVENTS_MAX,
    BUFFER_BYTES_MAX,
    BUFFER_EVENTS_MAX,
    FRAME_BATCHES_MAX,
    FRAME_BYTES_TARGET,
    FRAMES_AT_ONCE_MAX,
    FRAMES_IN_FLIGHT_MAX,
    PRODUCER_ID_BYTES,
    TOPICS_CACHED_MAX,
)
from opendxa_pubsub._pending_event import PendingEvent
from opendxa_pubsub._receipt import PublishReceipt, outcomes_of

# A batch's header: producer, sums, defaults' framing.
_BATCH_FRAMING_BYTES = 160


@dataclass(slots=True)
class _Group:
    partition: int
    priority: event_pb2.Priority
    deliver_time_unix_ms: int | None
    events: list[PendingEvent] = field(default_factory=list)

    def takes(self, pending: PendingEvent) -> bool:
        return (
            self.priority == pending.priority
            and self.deliver_time_unix_ms == pending.deliver_time_unix_ms
            and len(self.events) < BATCH_EVENTS_MAX
        )


@dataclass(slots=True)
class _Frame:
    batches: list[tuple[batch_pb2.RecordBatch, list[PendingEvent]]]
    atomic: bool = False
    number: int = 0
    size: int = 0


class PublishWindow:
    """Waiting and unacknowledged events of one producer; the caller serializes access."""

    def __init__(self) -> None:
        """Starts empty and without credit: nothing is sent before :meth:`opened`."""
        self.producer_id = secrets.token_bytes(PRODUCER_ID_BYTES)
        self._epoch = 0
        self._credit_bytes = 0
        self._frames_max = 0
        self._number = 0
        self._sequences: dict[tuple[str, int], int] = {}
        self._rotation: dict[str, int] = {}
        self._waiting: deque[PendingEvent | AtomicEvents] = deque()
        self._unsent: deque[_Frame] = deque()
        self._sent: deque[_Frame] = deque()
        self._bytes = 0
        self._events = 0

    @property
    def is_empty(self) -> bool:
        """Whether everything was acknowledged."""
        return not (self._waiting or self._unsent or self._sent)

    def has_room(self, size: int) -> bool:
        """Whether an event of that size may be added."""
        if self._events == 0:
            return True
        return self._bytes + size <= BUFFER_BYTES_MAX and self._events < BUFFER_EVENTS_MAX

    def add(self, waiting: PendingEvent | AtomicEvents) -> None:
        """Takes one event or several together; the caller has asked :meth:`has_room`."""
        events = _events_of(waiting)
        for topic in {event.topic for event in events}:
            if len(self._rotation) >= TOPICS_CACHED_MAX and topic not in self._rotation:
                metadata = {"field": "topics", "limit": TOPICS_CACHED_MAX}
                text = "one client publishes to fewer topics"
                raise pubsub_error("LIMIT_REACHED", text, metadata)
            self._rotation.setdefault(topic, 0)
        self._waiting.append(waiting)
        self._bytes += waiting.size
        self._events += len(events)

    def opened(self, answer: publisher_service_pb2.PublishOpened) -> None:
        """A stream was opened: what is unacknowledged is to be sent on it, first and in order."""
        self._epoch = answer.producer_epoch
        self._credit_bytes = answer.credit_bytes
        self._frames_max = min(answer.frames_in_flight_max, FRAMES_IN_FLIGHT_MAX)
        self._number = 0
        self._unsent.extendleft(reversed(self._sent))
        self._sent.clear()

    def lost(self) -> None:
        """The stream ended: nothing is sent before the next :meth:`opened`."""
        self._frames_max = 0

    def next_frame(self) -> publisher_service_pb2.PublishFrame | None:
        """The frame to send now, or None when there is none or the broker must answer first."""
        if len(self._sent) >= self._frames_max:
            return None
        if not self._unsent:
            if not self._waiting or not self._is_worth_a_frame():
                return None
            frame = self._pack()
            if frame is None:
                return None
            self._unsent.append(frame)
        frame = self._unsent[0]
        message = self._message_of(frame)
        in_flight = sum(sent.size for sent in self._sent)
        if self._sent and in_flight + frame.size > self._credit_bytes:
            return None
        self._number = frame.number
        self._unsent.popleft()
        self._sent.append(frame)
        return message

    def acknowledge(self, ack: publisher_service_pb2.PublishAck) -> None:
        """Settles the events of the acknowledged frames."""
        self._credit_bytes = ack.credit_bytes
        results = iter(ack.results)
        while self._sent and self._sent[0].number <= ack.through_frame:
            for batch, pendings in self._sent.popleft().batches:
                result = next(results, None)
                if result is None:
                    error = pubsub_error("INTERNAL", "an acknowledgement without its results")
                    self._settle(pendings, [error] * len(pendings))
                    continue
                ids = [pending.event.id for pending in pendings]
                self._settle(pendings, outcomes_of(batch, ids, result))

    def fail(self, error: PubSubError) -> None:
        """Settles everything with an error, and begins anew as another producer."""
        frames = [*self._sent, *self._unsent]
        pendings = [p for frame in frames for _, group in frame.batches for p in group]
        pendings += [p for waiting in self._waiting for p in _events_of(waiting)]
        self._sent.clear()
        self._unsent.clear()
        self._waiting.clear()
        self._sequences.clear()
        self.producer_id = secrets.token_bytes(PRODUCER_ID_BYTES)
        self._settle(pendings, [error] * len(pendings))

    def _settle(
        self, pendings: list[PendingEvent], outcomes: list[PublishReceipt | PubSubError]
    ) -> None:
        for pending, outcome in zip(pendings, outcomes, strict=True):
            self._bytes -= pending.size
            self._events -= 1
            pending.settle(outcome)

    def _is_worth_a_frame(self) -> bool:
        if len(self._sent) < FRAMES_AT_ONCE_MAX:
            return True
        return self._bytes - sum(f.size for f in self._sent) >= FRAME_BYTES_TARGET

    def _message_of(self, frame: _Frame) -> publisher_service_pb2.PublishFrame:
        frame.number = self._number + 1
        for batch, _ in frame.batches:
            batch.producer_epoch = self._epoch
        batches = [batch for batch, _ in frame.batches]
        message = publisher_service_pb2.PublishFrame(
            number=frame.number, batches=batches, atomic=frame.atomic
        )
        frame.size = message.ByteSize()
        return message

    def _pack(self) -> _Frame | None:
        first = self._waiting[0]
        if isinstance(first, AtomicEvents):
            self._waiting.popleft()
            return self._sequenced(first)
        batches = []
        for topic, group in self._take_groups():
            key = (topic, group.partition)
            sequence = self._sequences.get(key, 0)
            try:
                batch = encode_batch(
                    topic,
                    [pending.event for pending in group.events],
                    bodies=[pending.body for pending in group.events],
                    partition=group.partition,
                    producer=BatchProducer(self.producer_id, self._epoch, sequence),
                    priority=group.priority,
                    deliver_time_unix_ms=group.deliver_time_unix_ms,
                )
            except PubSubError as error:
                self._settle(group.events, [error] * len(group.events))
                continue
            self._sequences[key] = sequence + len(group.events)
            batches.append((batch, group.events))
        return _Frame(batches) if batches else None

    def _sequenced(self, atomic: AtomicEvents) -> _Frame:
        for batch, _ in atomic.batches:
            key = (batch.topic, batch.partition)
            batch.producer_id = self.producer_id
            batch.base_sequence = self._sequences.get(key, 0)
            self._sequences[key] = batch.base_sequence + batch.count
        return _Frame(atomic.batches, atomic=True)

    def _take_groups(self) -> Iterator[tuple[str, _Group]]:
        """Takes events from the front, at most one batch for each topic-partition.

        The broker remembers 64 batches for each of them, and 64 frames may be in flight.
        """
        groups: dict[tuple[str, int], _Group] = {}
        size = 0
        while self._waiting:
            pending = self._waiting[0]
            if isinstance(pending, AtomicEvents):
                break
            partition = self._partition_of(pending)
            group = groups.get((pending.topic, partition))
            added = pending.size + (0 if group else _BATCH_FRAMING_BYTES + len(pending.topic) * 4)
            if groups and size + added > FRAME_BYTES_TARGET:
                break
            if group is None:
                if len(groups) >= FRAME_BATCHES_MAX:
                    break
                group = _Group(partition, pending.priority, pending.deliver_time_unix_ms)
                groups[pending.topic, partition] = group
            elif not group.takes(pending):
                break
            self._waiting.popleft()
            group.events.append(pending)
            size += added
        for topic in {topic for topic, _ in groups}:
            self._rotation[topic] += 1
        for (topic, _), group in groups.items():
            yield topic, group

    def _partition_of(self, pending: PendingEvent) -> int:
        if pending.partition is not None:
            return pending.partition
        return self._rotation[pending.topic] % pending.partitions


def _events_of(waiting: PendingEvent | AtomicEvents) -> list[PendingEvent]:
    return waiting.pending if isinstance(waiting, AtomicEvents) else [waiting]
