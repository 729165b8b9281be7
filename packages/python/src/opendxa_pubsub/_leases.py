"""What a consumer holds: leased events, and what it has to say about them."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from opendxa_pubsub._bitmap import ranges_of
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2, subscriber_service_pb2
from opendxa_pubsub._limits import REASON_BYTES_MAX, SETTLEMENT_ITEMS_MAX


@dataclass(slots=True, eq=False)
class Lease:
    """A delivered batch: the events of it that are not settled yet."""

    token: int
    sequence: int
    first_index: int
    attempt: int
    end_unix_ms: int
    received_s: float
    extended_s: float
    open_indexes: set[int] = field(default_factory=set)
    ordered_by: dict[int, tuple[str, int, str]] = field(default_factory=dict)
    """Topic, partition and ordering key by index, where the subscription keeps their order."""


@dataclass(slots=True, frozen=True)
class Ack:
    """An event is done."""


@dataclass(slots=True, frozen=True)
class Nack:
    """An event shall come again."""

    delay_ms: int | None
    reason: str


@dataclass(slots=True, frozen=True)
class Extend:
    """A lease is kept."""

    deadline_ms: int


@dataclass(slots=True, frozen=True)
class Settled:
    """An event was settled by a call of its own: nothing is to be said on the stream."""


Word = Ack | Nack | Extend | Settled


@dataclass(slots=True, frozen=True)
class Given:
    """A settlement, and which events it gives back whose order is kept."""

    settlement: subscriber_service_pb2.Settlement
    ordered: tuple[tuple[Lease, int], ...]


class SettlementQueue:
    """Words about events, coalesced into numbered settlements, kept until their verdict comes."""

    def __init__(self) -> None:
        """Starts empty."""
        self._words: deque[tuple[Lease, int, Word]] = deque()
        self._unsent: deque[Given] = deque()
        self._sent: deque[Given] = deque()
        self._number = 0

    @property
    def is_empty(self) -> bool:
        """Whether every word had its verdict."""
        return not (self._words or self._unsent or self._sent)

    def say(self, lease: Lease, index: int, word: Word) -> None:
        """Adds a word about one event of a lease."""
        self._words.append((lease, index, word))

    def reopened(self) -> None:
        """A new stream: what had no verdict is said again, numbered from 1."""
        self._number = 0
        self._unsent.extendleft(reversed(self._sent))
        self._sent.clear()

    def next(self) -> subscriber_service_pb2.Settlement | None:
        """The next settlement to send, if there is one."""
        given = self._unsent.popleft() if self._unsent else self._coalesce()
        if given is None:
            return None
        self._number += 1
        given.settlement.number = self._number
        self._sent.append(given)
        return given.settlement

    def through(self, number: int) -> list[tuple[Lease, int]]:
        """Verdicts came up to a number.

        Returns:
            The events given back by that whose order is kept.
        """
        ordered: list[tuple[Lease, int]] = []
        while self._sent and self._sent[0].settlement.number <= number:
            ordered.extend(self._sent.popleft().ordered)
        return ordered

    def _coalesce(self) -> Given | None:
        groups: dict[tuple[int, Word], tuple[Lease, list[int]]] = {}
        while self._words and len(groups) < SETTLEMENT_ITEMS_MAX:
            lease, index, word = self._words.popleft()
            groups.setdefault((id(lease), word), (lease, []))[1].append(index)
        if not groups:
            return None
        settlement = subscriber_service_pb2.Settlement()
        ordered: list[tuple[Lease, int]] = []
        for (_, word), (lease, indexes) in groups.items():
            self._write(settlement, word, position_ranges(lease, indexes))
            if isinstance(word, Nack):
                ordered.extend((lease, index) for index in indexes if index in lease.ordered_by)
        return Given(settlement, tuple(ordered))

    @staticmethod
    def _write(
        settlement: subscriber_service_pb2.Settlement,
        word: Word,
        events: publisher_service_pb2.PositionRanges,
    ) -> None:
        if isinstance(word, Ack):
            settlement.acks.append(events)
        elif isinstance(word, Nack):
            reason = word.reason.encode(errors="replace")[:REASON_BYTES_MAX]
            settlement.nacks.add(
                events=events, delay_ms=word.delay_ms, reason=reason.decode(errors="ignore")
            )
        elif isinstance(word, Extend):
            settlement.extensions.add(events=events, deadline_ms=word.deadline_ms)


def names_event(
    exceptions: Iterable[subscriber_service_pb2.SettlementException], lease: Lease, index: int
) -> bool:
    """Whether verdicts refuse what was said about an event of a lease."""
    position = lease.first_index + index
    for exception in exceptions:
        events = exception.events
        if (events.lease, events.sequence) != (lease.token, lease.sequence):
            continue
        if not events.ranges or any(one.first <= position <= one.last for one in events.ranges):
            return True
    return False


def position_ranges(lease: Lease, indexes: Iterable[int]) -> publisher_service_pb2.PositionRanges:
    """Names events of a lease."""
    ordered = ranges_of(sorted({lease.first_index + index for index in indexes}))
    ranges = [publisher_service_pb2.IndexRange(first=a, last=b) for a, b in ordered]
    return publisher_service_pb2.PositionRanges(
        lease=lease.token, sequence=lease.sequence, ranges=ranges
    )
