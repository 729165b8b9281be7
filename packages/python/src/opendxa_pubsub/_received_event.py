"""An event in a consumer's hands."""

from collections.abc import Callable

from opendxa_pubsub._arguments import bad_argument, whole
from opendxa_pubsub._leases import Ack, Extend, Lease, Nack, SettlementOutcome, Word
from opendxa_pubsub._limits import EXTENSION_MS_MAX, NACK_DELAY_MS_MAX
from opendxa_pubsub._stored_event import StoredEvent


class ReceivedEvent(StoredEvent):
    """A delivered event; it comes again until it is acked.

    Settling is queued and travels on the subscription's stream; ``Subscription.flush`` waits until
    the broker has it. The first ack or nack counts, later ones change nothing.
    """

    __slots__ = ("_lease", "_speak", "_subscription")

    def __init__(
        self,
        stored: StoredEvent,
        lease: Lease,
        speak: Callable[[Lease, int, Word], None],
        subscription: str,
    ) -> None:
        """Binds the parts; subscriptions make these, not the user.

        Args:
            stored: The event.
            lease: The lease that it belongs to.
            speak: Takes what is said about it.
            subscription: Name of the subscription that it came by.
        """
        super().__init__(stored._batch, stored._head, stored._index, stored._body_bytes)
        self._lease = lease
        self._speak = speak
        self._subscription = subscription

    @property
    def subscription(self) -> str:
        """Name of the subscription that it came by."""
        return self._subscription

    @property
    def attempt(self) -> int:
        """Delivery attempts including this one, from 1."""
        return self._lease.attempt

    @property
    def sequence(self) -> int:
        """Sequence of the journal entry that holds it."""
        return self._lease.sequence

    @property
    def entry_index(self) -> int:
        """Its index in the journal entry that holds it."""
        return self._lease.first_index + self._index

    @property
    def lease(self) -> int:
        """Token of the lease; tokens rise in the order in which the broker gives them."""
        return self._lease.token

    @property
    def lease_end_unix_ms(self) -> int:
        """When its lease ends unless it is extended, milliseconds since the Unix epoch.

        By the broker's clock, as the delivery said, not counting extensions since.
        """
        return self._lease.end_unix_ms

    @property
    def is_settled(self) -> bool:
        """Whether it was acked or nacked here."""
        return self._index not in self._lease.open_indexes

    @property
    def outcome(self) -> SettlementOutcome | None:
        """What the broker answered to what was said last of it.

        None: nothing was said, or the answer did not come yet; ``Subscription.flush`` waits for all
        answers. An extension that the client makes by itself counts too, as long as the event is
        neither acked nor nacked.
        """
        return self._lease.outcomes.get(self._index)

    def ack(self) -> None:
        """Says that the event is done."""
        self._speak(self._lease, self._index, Ack())

    def nack(self, reason: str = "", delay_ms: int | None = None) -> None:
        """Gives the event back for another attempt.

        Args:
            reason: Why; kept with the event and shown in its dead letter. Cut at 1 KiB.
            delay_ms: Wait before the next attempt, at most 7 days; None: that of the subscription.

        Raises:
            PubSubInvalidError: BAD_REQUEST, an argument breaks a rule; the event is not settled.
        """
        # What it says is often another error's text, and must not be refused for a character of it.
        if not isinstance(reason, str):
            raise bad_argument("reason", "a text")
        if delay_ms is not None:
            delay_ms = whole("delay_ms", delay_ms, 0, NACK_DELAY_MS_MAX)
        self._speak(self._lease, self._index, Nack(delay_ms, reason))

    def extend(self, deadline_ms: int = 0) -> None:
        """Keeps the event longer.

        Args:
            deadline_ms: The lease ends so many milliseconds from now, at most 600,000; 0: the
                subscription's ack deadline.

        Raises:
            PubSubInvalidError: BAD_REQUEST, no such deadline; the lease stays as it is.
        """
        kept_ms = whole("deadline_ms", deadline_ms, 0, EXTENSION_MS_MAX)
        self._speak(self._lease, self._index, Extend(kept_ms))
