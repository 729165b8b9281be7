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
from opendxa_pubsub._leases import Extend, Lease, Nack, Settled, SettlementQueue, Word
from opendxa_pubsub._limits import HEARTBEAT_MS_DEFAULT, LEASE_KEPT_MS_MAX
from opendxa_pubsub._received_event import ReceivedEvent

_MS = 1_000
_log = logging.getLogger("opendxa_pubsub")


@dataclass(slots=True)
class _Parcel:
    """A delivery whose bytes go back as credit when its last event was taken."""

    size: int
    waiting: int = 0


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

    def opening(self) -> Message:
        """SubscribeOpen with the whole credit: what a lost stream had delivered is forgotten."""
        options = self.options
        return pb.SubscribeRequest(
            open=pb.SubscribeOpen(
                namespace=options.namespace,
                subscription=options.subscription,
                settings=options.settings,
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
            self._settlements.reopened()
            self.is_open = self.was_opened = True
        elif message.HasField("delivery"):
            self.notice = ""
            self._take_delivery(message.delivery)
        elif message.HasField("verdicts"):
            self.stale += len(message.verdicts.exceptions)
            self._settlements.through(message.verdicts.through_number)
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
        """Forgets what was delivered and not taken: it comes again. A final error ends it."""
        self.is_open = False
        self._ready.clear()
        self._leases.clear()
        self._credit_due = 0
        if error.retryable:
            return True
        self.error = error
        return False

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
        if not self._ready:
            return None
        event, parcel = self._ready.popleft()
        parcel.waiting -= 1
        if parcel.waiting == 0:
            self._credit_due += parcel.size
        return event

    @property
    def ready(self) -> int:
        """Events that wait for the application."""
        return len(self._ready)

    def say(self, lease: Lease, index: int, word: Word) -> None:
        """Queues what is said about an event; the second word that settles it changes nothing."""
        if index not in lease.open_indexes:
            return
        if not isinstance(word, Extend):
            self._settled(lease, index)
        if isinstance(word, Nack) and index in lease.ordered_by:
            self._drop_key(lease.ordered_by[index])
        if not isinstance(word, Settled):
            self._settlements.say(lease, index, word)

    def _settled(self, lease: Lease, index: int) -> None:
        lease.open_indexes.discard(index)
        if not lease.open_indexes:
            self._leases.discard(lease)

    def _drop_key(self, ordered_by: tuple[str, int, str]) -> None:
        """Takes back what waits of a key: its order broke, and the broker delivers it again."""
        waiting = list(self._ready)
        self._ready.clear()
        for event, parcel in waiting:
            if event._lease.ordered_by.get(event._index) != ordered_by:
                self._ready.append((event, parcel))
                continue
            self._settled(event._lease, event._index)
            parcel.waiting -= 1
            if parcel.waiting == 0:
                self._credit_due += parcel.size

    def _take_delivery(self, delivery: pb.Delivery) -> None:
        parcel = _Parcel(delivery.ByteSize())
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
                    place = (stored.topic, stored.partition, stored.ordering_key)
                    lease.ordered_by[stored._index] = place
                event = ReceivedEvent(stored, lease, self._heard, self.name)
                self._ready.append((event, parcel))
            parcel.waiting += len(events)
        if parcel.waiting == 0:
            self._credit_due += parcel.size
        self.on_ready()

    def _heard(self, lease: Lease, index: int, word: Word) -> None:
        self.speak(lease, index, word)
