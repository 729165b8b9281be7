"""What a consumer holds: leased events, and what it has to say about them."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from opendxa_pubsub._bitmap import ranges_of
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2, subscriber_service_pb2
from opendxa_pubsub._limits import REASON_BYTES_MAX, SETTLEMENT_ITEMS_MAX


class SettlementOutcome(StrEnum):
    """What the broker answered to what was said of an event; each is its text."""

    SETTLED = "settled"
    """It is carried out and durable."""
    STALE = "stale"
    """The lease was over, or the event was settled otherwise; nothing changed."""
    UNKNOWN = "unknown"
    """The broker does not know such a position; nothing changed."""
    LOST = "lost"
    """No answer will come; the event comes again unless it was carried out after all."""


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
    outcomes: dict[int, SettlementOutcome] = field(default_factory=dict)
    """By index what was answered to the last word about it; absent: nothing so far."""


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
    """A settlement, and what it says of which events."""

    settlement: subscriber_service_pb2.Settlement
    words: tuple[tuple[Lease, Word, list[int]], ...]


class SettlementQueue:
    """Words about events, coalesced into numbered settlements, kept until their verdict comes."""

    def __init__(self) -> None:
        """Starts empty."""
        self._words: deque[tuple[Lease, int, Word]] = deque()
        self._sent: deque[Given] = deque()
        self._number = 0

    @property
    def is_empty(self) -> bool:
        """Whether every word had its verdict."""
        return not (self._words or self._sent)

    def say(self, lease: Lease, index: int, word: Word) -> None:
        """Adds a word about one event of a lease."""
        lease.outcomes.pop(index, None)
        self._words.append((lease, index, word))

    def broke(self) -> None:
        """The stream ended: acks without a verdict are said again on the next one, numbered from 1.

        A late ack may still be accepted. Of nacks and extensions the end of the stream did what
        they asked, or undid it.
        """
        said = [word for given in self._sent for word in given.words]
        waiting = [(lease, word, [index]) for lease, index, word in self._words]
        self._number = 0
        self._sent.clear()
        self._words.clear()
        for lease, word, indexes in (*said, *waiting):
            if isinstance(word, Ack):
                self._words.extend((lease, index, word) for index in indexes)
            else:
                self._refuse(lease, word, indexes)

    def next(self) -> subscriber_service_pb2.Settlement | None:
        """The next settlement to send, if there is one."""
        given = self._coalesce()
        if given is None:
            return None
        self._number += 1
        given.settlement.number = self._number
        self._sent.append(given)
        return given.settlement

    def through(
        self, number: int, exceptions: Iterable[subscriber_service_pb2.SettlementException]
    ) -> list[tuple[Lease, int]]:
        """Verdicts came up to a number: the outcomes of what was said are known.

        Args:
            number: The last settlement that they are about.
            exceptions: What was not carried out.

        Returns:
            The events given back by that whose order is kept.
        """
        refused = list(exceptions)
        ordered: list[tuple[Lease, int]] = []
        while self._sent and self._sent[0].settlement.number <= number:
            given = self._sent.popleft()
            for lease, word, indexes in given.words:
                asked = _asked(lease, word, indexes)
                lease.outcomes.update(dict.fromkeys(asked, SettlementOutcome.SETTLED))
                own = [each for each in refused if _is_about(each, given.settlement.number, word)]
                if own:
                    lease.outcomes.update(_refusals(own, lease, asked))
                if isinstance(word, Nack):
                    ordered.extend((lease, index) for index in indexes if index in lease.ordered_by)
        return ordered

    def abandon(self) -> None:
        """No answer will come to what was said so far."""
        for given in self._sent:
            for lease, _, indexes in given.words:
                lease.outcomes.update(dict.fromkeys(indexes, SettlementOutcome.LOST))
        self._sent.clear()
        # Other threads may say something meanwhile.
        while self._words:
            lease, index, _ = self._words.popleft()
            lease.outcomes[index] = SettlementOutcome.LOST

    @staticmethod
    def _refuse(lease: Lease, word: Word, indexes: Iterable[int]) -> None:
        for index in _asked(lease, word, indexes):
            lease.outcomes[index] = SettlementOutcome.STALE

    def _coalesce(self) -> Given | None:
        groups: dict[tuple[int, Word], tuple[Lease, Word, list[int]]] = {}
        items = 0
        while self._words and items < SETTLEMENT_ITEMS_MAX:
            lease, index, word = self._words.popleft()
            indexes = groups.setdefault((id(lease), word), (lease, word, []))[2]
            if not indexes or index != indexes[-1] + 1:
                items += 1
            indexes.append(index)
        if not groups:
            return None
        settlement = subscriber_service_pb2.Settlement()
        for lease, word, indexes in groups.values():
            self._write(settlement, word, position_ranges(lease, indexes))
        return Given(settlement, tuple(groups.values()))

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


def _asked(lease: Lease, word: Word, indexes: Iterable[int]) -> list[int]:
    """Events that a word is the last one about: one that was kept and settled since is not."""
    if not isinstance(word, Extend):
        return list(indexes)
    return [index for index in indexes if index in lease.open_indexes]


_KINDS: dict[type[Word], subscriber_service_pb2.SettlementKind] = {
    Ack: subscriber_service_pb2.SETTLEMENT_KIND_ACK,
    Nack: subscriber_service_pb2.SETTLEMENT_KIND_NACK,
    Extend: subscriber_service_pb2.SETTLEMENT_KIND_EXTENSION,
}


def _is_about(
    exception: subscriber_service_pb2.SettlementException, number: int, word: Word
) -> bool:
    """Whether an exception is about such a word of that settlement.

    An earlier broker says neither number nor kind: any refusal counts then, rather than none.
    """
    if exception.kind == subscriber_service_pb2.SETTLEMENT_KIND_UNSPECIFIED:
        return True
    return exception.number == number and exception.kind == _KINDS[type(word)]


def _refusals(
    exceptions: Iterable[subscriber_service_pb2.SettlementException],
    lease: Lease,
    indexes: Iterable[int],
) -> Iterator[tuple[int, SettlementOutcome]]:
    """Which of some events of a lease verdicts refuse, and how."""
    for exception in exceptions:
        events = exception.events
        if (events.lease, events.sequence) != (lease.token, lease.sequence):
            continue
        is_stale = exception.verdict == subscriber_service_pb2.VERDICT_STALE
        outcome = SettlementOutcome.STALE if is_stale else SettlementOutcome.UNKNOWN
        for index in indexes:
            position = lease.first_index + index
            if not events.ranges or any(one.first <= position <= one.last for one in events.ranges):
                yield index, outcome


def position_ranges(lease: Lease, indexes: Iterable[int]) -> publisher_service_pb2.PositionRanges:
    """Names events of a lease."""
    ordered = ranges_of(sorted({lease.first_index + index for index in indexes}))
    ranges = [publisher_service_pb2.IndexRange(first=a, last=b) for a, b in ordered]
    return publisher_service_pb2.PositionRanges(
        lease=lease.token, sequence=lease.sequence, ranges=ranges
    )
