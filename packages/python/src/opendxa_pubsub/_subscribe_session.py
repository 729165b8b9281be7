"""The subscribing stream's meaning."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import Message

from opendxa_pubsub._batch import decode_batch
from opendxa_pubsub._bitmap import indexes_of
from opendxa_pubsub._errors import PubSubError
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscriber_service_pb2 as pb
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1.publisher_service_pb2 import Heartbeat
from opendxa_pubsub._leases import (
    Extend,
    Lease,
    Nack,
    Settled,
    SettlementOutcome,
    SettlementQueue,
    Word,
)
from opendxa_pubsub._limits import HEARTBEAT_MS_DEFAULT, LEASE_KEPT_MS_MAX
from opendxa_pubsub._received_event import ReceivedEvent
from opendxa_pubsub._stored_event import StoredEvent

_MS = 1_000
_Place = tuple[str, int, str]
_log = logging.getLogger("opendxa_pubsub")


@dataclass(slots=True)
class _Parcel:
    """A delivery whose bytes go back as credit when its last event was taken."""

    size: int
    waiting: int


@dataclass(slots=True, kw_only=True)
class SubscribeOptions:
    """How to open the stream."""

    namespace: str
    subscription: str
    settings: subscription_service_pb2.SubscriptionSettings | None
    consumer_name: str
    credit_bytes: int
    credit_events: int
    keeps_leases: bool


class SubscribeSession:
    """Takes deliveries under its credit, hands events out, and carries what is said about them."""

    def __init__(self, options: SubscribeOptions) -> None:
        """Starts without anything held.

        Args:
            options: How to open the stream.
        """
        self.options = options
        self.name = options.subscription
        self.is_open = False
        self.was_opened = False
        self._is_known = False
        self.heartbeat_ms = HEARTBEAT_MS_DEFAULT
        self.stale = 0
        self.notice = ""
        self.error: PubSubError | None = None
        self.on_ready: Callable[[], None] = lambda: None
        self.speak: Callable[[Lease, int, Word], None] = self.say
        self._ack_deadline_ms = 0
        self._is_ordered = False
        self._settlements = SettlementQueue()
        self._leases: set[Lease] = set()
        self._ready: deque[tuple[ReceivedEvent, _Parcel]] = deque()
        self._credit_due = 0
        self._nacked: dict[_Place, set[tuple[Lease, int]]] = {}
        self._last_waiting: dict[_Place, int] = {}

    def opening(self) -> Message:
        """SubscribeOpen with the whole credit: what a lost stream had delivered is forgotten.

        Once it was open, a named subscription is asked for by its name alone: what an operator
        changed in its settings meanwhile must not end those who consume it.
        """
        options = self.options
        return pb.SubscribeRequest(
            open=pb.SubscribeOpen(
                namespace=options.namespace,
                subscription=options.subscription,
                settings=None if self._is_known else options.settings,
                consumer_name=options.consumer_name,
                credit=pb.Credit(bytes=options.credit_bytes, events=options.credit_events),
                heartbeat_ms=HEARTBEAT_MS_DEFAULT,
            )
        )

    def receive(self, message: Message) -> None:
        """Takes the opening's answer, deliveries, verdicts and notices."""
        assert isinstance(message, pb.SubscribeResponse)
        if message.HasField("opened"):
            self.heartbeat_ms = message.opened.heartbeat_ms or HEARTBEAT_MS_DEFAULT
            order = message.opened.subscription.settings.order
            self._is_ordered = order == subscription_service_pb2.DELIVERY_ORDER_KEY
            self.name = message.opened.subscription.name
            self.notice = ""
            self._ack_deadline_ms = message.opened.subscription.settings.ack_deadline_ms
            self.is_open = self.was_opened = True
            self._is_known = bool(self.options.subscription)
        elif message.HasField("delivery"):
            self.notice = ""
            self._take_delivery(message.delivery)
        elif message.HasField("verdicts"):
            self._take_verdicts(message.verdicts)
        elif message.HasField("notice"):
            self.notice = message.notice.message
            _log.warning("subscription %s: %s", self.name, self.notice)

    def next_message(self) -> Message | None:
        """Settlements first, then credit once half of it is due."""
        if not self.is_open:
            return None
        settlement = self._settlements.next()
        if settlement is not None:
            return pb.SubscribeRequest(settlement=settlement)
        if self._credit_due * 2 >= self.options.credit_bytes:
            credit = pb.Credit(bytes=self._credit_due)
            self._credit_due = 0
            return pb.SubscribeRequest(credit=credit)
        return None

    def beat(self, heartbeat: Heartbeat) -> Message:
        """The heartbeat in this stream's envelope."""
        return pb.SubscribeRequest(heartbeat=heartbeat)

    def ended(self, error: PubSubError) -> bool:
        """Forgets what was delivered and not taken: it comes again. A final error ends it.

        A subscription that is gone, because it was deleted or expired while there was no stream, is
        created again.
        """
        self.is_open = False
        self._ready.clear()
        self._last_waiting.clear()
        self._leases.clear()
        self._credit_due = 0
        self._nacked.clear()
        self._settlements.broke()
        if error.retryable or self._opens_again_after(error):
            return True
        self.error = error
        self._settlements.abandon()
        return False

    def _opens_again_after(self, error: PubSubError) -> bool:
        """Whether it is created again, or joined where somebody else created it meanwhile."""
        if not (self.was_opened and self.options.subscription and self.options.settings):
            return False
        is_gone = self._is_known and error.reason == "SUBSCRIPTION_NOT_FOUND"
        is_there = not self._is_known and error.reason == "SUBSCRIPTION_EXISTS"
        if is_gone or is_there:
            self._is_known = is_there
        return is_gone or is_there

    def tick(self, now_s: float) -> None:
        """Extends leases that a handler works on or that wait behind it."""
        if not (self.options.keeps_leases and self.is_open and self._ack_deadline_ms):
            return
        for lease in self._leases:
            is_due = (now_s - lease.extended_s) * _MS * 2 >= self._ack_deadline_ms
            if is_due and (now_s - lease.received_s) * _MS < LEASE_KEPT_MS_MAX:
                lease.extended_s = now_s
                for index in lease.open_indexes:
                    self._settlements.say(lease, index, Extend(0))

    def is_drained(self) -> bool:
        """Whether every settlement had its verdict."""
        return self._settlements.is_empty

    def take(self) -> ReceivedEvent | None:
        """The next event for the application; its share of the credit becomes free."""
        at = self._next_ready()
        if at is None:
            return None
        event, parcel = self._ready[at]
        del self._ready[at]
        place = _place_of(event)
        if place is not None and self._last_waiting.get(place) == event.offset:
            del self._last_waiting[place]
        self._release(parcel)
        return event

    @property
    def ready(self) -> bool:
        """Whether an event waits that the application may have now."""
        return self._next_ready() is not None

    def _next_ready(self) -> int | None:
        """Place of the first event in the queue whose key waits for no verdict."""
        if not self._nacked:
            return 0 if self._ready else None
        for at, (event, _) in enumerate(self._ready):
            if _place_of(event) not in self._nacked:
                return at
        return None

    def say(self, lease: Lease, index: int, word: Word) -> None:
        """Queues what is said about an event; the second word that settles it changes nothing."""
        if index not in lease.open_indexes:
            return
        if not isinstance(word, Extend):
            self._settled(lease, index)
        if isinstance(word, Nack) and index in lease.ordered_by:
            place = lease.ordered_by[index]
            self._nacked.setdefault(place, set()).add((lease, index))
        if isinstance(word, Settled):
            return
        self._settlements.say(lease, index, word)
        if self.error is not None:
            self._settlements.abandon()

    def _settled(self, lease: Lease, index: int) -> None:
        lease.open_indexes.discard(index)
        if not lease.open_indexes:
            self._leases.discard(lease)

    def _take_verdicts(self, verdicts: pb.Verdicts) -> None:
        """What waits of a nacked key ended with that; behind a stale nack it may be new."""
        self.stale += len(verdicts.exceptions)
        ordered = self._settlements.through(verdicts.through_number, verdicts.exceptions)
        for lease, index in ordered:
            place = lease.ordered_by[index]
            if (lease, index) not in self._nacked.get(place, ()):
                continue
            self._nack_told(place, lease, index)
            if lease.outcomes[index] == SettlementOutcome.SETTLED:
                self._drop_key(place)
        if ordered:
            self.on_ready()

    def _nack_told(self, place: _Place, lease: Lease, index: int) -> None:
        """Ends the wait for a verdict: with it, or because the event comes again."""
        nacked = self._nacked[place]
        nacked.discard((lease, index))
        if not nacked:
            del self._nacked[place]

    def _drop_key(self, place: _Place) -> None:
        """Takes back what waits of a key: its leases ended, and the broker delivers it again."""
        if self._last_waiting.pop(place, None) is None:
            return
        waiting = list(self._ready)
        self._ready.clear()
        for event, parcel in waiting:
            if _place_of(event) != place:
                self._ready.append((event, parcel))
                continue
            self._settled(event._lease, event._index)
            self._release(parcel)

    def _release(self, parcel: _Parcel) -> None:
        parcel.waiting -= 1
        if parcel.waiting == 0:
            self._credit_due += parcel.size

    def _take_delivery(self, delivery: pb.Delivery) -> None:
        # One more until all of it is in the queue: what comes again may take some of it back.
        parcel = _Parcel(delivery.ByteSize(), waiting=1)
        for delivered in delivery.batches:
            now_s = time.monotonic()
            lease = Lease(
                delivered.lease,
                delivered.sequence,
                delivered.first_index,
                delivered.attempt,
                delivered.lease_end_unix_ms,
                now_s,
                now_s,
            )
            lease.open_indexes.update(indexes_of(delivered.selected) or ())
            if not delivered.selected:
                lease.open_indexes.update(range(delivered.batch.count))
            try:
                events = decode_batch(delivered.batch, delivered.selected)
            except PubSubError as error:
                for index in sorted(lease.open_indexes):
                    self._settlements.say(lease, index, Nack(None, error.message))
                continue
            self._leases.add(lease)
            for stored in events:
                if self._is_ordered and stored.ordering_key is not None:
                    self._order(stored, lease)
                event = ReceivedEvent(stored, lease, self._heard, self.name)
                self._ready.append((event, parcel))
                parcel.waiting += 1
        self._release(parcel)
        self.on_ready()

    def _order(self, stored: StoredEvent, lease: Lease) -> None:
        """What comes again ended the leases of what waits behind it, and answers a nack."""
        place = (stored.topic, stored.partition, stored.ordering_key or "")
        lease.ordered_by[stored._index] = place
        if stored.offset <= self._last_waiting.get(place, -1):
            self._drop_key(place)
        for nacked, index in list(self._nacked.get(place, ())):
            position = (lease.sequence, lease.first_index + stored._index)
            if position <= (nacked.sequence, nacked.first_index + index):
                self._drop_key(place)
                self._nack_told(place, nacked, index)
        self._last_waiting[place] = stored.offset

    def _heard(self, lease: Lease, index: int, word: Word) -> None:
        self.speak(lease, index, word)


def _place_of(event: ReceivedEvent) -> _Place | None:
    """Topic, partition and key of an event whose order is kept."""
    return event._lease.ordered_by.get(event._index)
