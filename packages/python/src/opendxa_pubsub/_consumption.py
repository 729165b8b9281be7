"""What a call of Consume hands out, and what is said of it, for both clients."""

import time
from collections.abc import Callable, Iterator

from opendxa_pubsub._batch import decode_batch
from opendxa_pubsub._bitmap import indexes_of
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscriber_service_pb2 as pb
from opendxa_pubsub._leases import Extend, Lease, Settled, SettlementQueue, Word
from opendxa_pubsub._limits import CREDIT_BYTES_DEFAULT
from opendxa_pubsub._message import message
from opendxa_pubsub._received_event import ReceivedEvent
from opendxa_pubsub._subscription_requests import checked_credit_events


def consume_request(
    namespace: str,
    subscription: str,
    *,
    deliveries_max: int,
    wait_ms: int,
    max_outstanding: int,
) -> pb.ConsumeRequest:
    """Opens a call of Consume; see ``PubSubClient.consume``."""
    events = checked_credit_events(max_outstanding)
    return message(
        pb.ConsumeRequest,
        open=message(
            pb.SubscribeOpen,
            namespace=namespace,
            subscription=subscription,
            credit=pb.Credit(bytes=CREDIT_BYTES_DEFAULT, events=events),
        ),
        deliveries_max=deliveries_max,
        wait_ms=wait_ms,
    )


class Consumption:
    """Events of one call, and the words about them that were not sent yet."""

    def __init__(self, namespace: str, subscription: str) -> None:
        """Begins without events.

        Args:
            namespace: Namespace of the subscription.
            subscription: Its name.
        """
        self.on_word: Callable[[], None] = lambda: None
        """Called after every word, in any thread: once the loop has ended nobody else sends it."""
        self._namespace = namespace
        self._subscription = subscription
        self._words = SettlementQueue()

    def events_of(self, answer: pb.ConsumeResponse) -> Iterator[ReceivedEvent]:
        """Events of one answer; those of a heartbeat or the opening are none."""
        now_s = time.monotonic()
        for delivered in answer.delivery.batches:
            lease = Lease(
                delivered.lease,
                delivered.sequence,
                delivered.first_index,
                delivered.attempt,
                delivered.lease_end_unix_ms,
                now_s,
                now_s,
            )
            selected = delivered.selected
            lease.open_indexes.update(
                indexes_of(selected) if selected else range(delivered.batch.count)
            )
            for stored in decode_batch(delivered.batch, selected):
                yield ReceivedEvent(stored, lease, self._say, self._subscription)

    def next_request(self) -> pb.SettleRequest | None:
        """The next settlement to send, if something was said. One at a time."""
        settlement = self._words.next()
        if settlement is None:
            return None
        return pb.SettleRequest(
            namespace=self._namespace, subscription=self._subscription, settlement=settlement
        )

    def answered(self, request: pb.SettleRequest, answer: pb.SettleResponse) -> None:
        """A settlement was answered: the outcomes of its events are known."""
        self._words.through(request.settlement.number, answer.exceptions)

    def abandon(self) -> None:
        """A settlement could not be sent: its outcome is lost, and that of all that waits."""
        self._words.abandon()

    def _say(self, lease: Lease, index: int, word: Word) -> None:
        if index not in lease.open_indexes:
            return
        if not isinstance(word, Extend):
            lease.open_indexes.discard(index)
        if isinstance(word, Settled):
            return
        self._words.say(lease, index, word)
        self.on_word()
