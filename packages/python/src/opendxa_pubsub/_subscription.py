"""A subscription in use by threads."""

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from opendxa_pubsub._arguments import seconds
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._leases import Lease, Word
from opendxa_pubsub._limits import CLOSE_S_MAX, TIMEOUT_S_DEFAULT
from opendxa_pubsub._received_event import ReceivedEvent
from opendxa_pubsub._stream_runner import StreamRunner
from opendxa_pubsub._subscribe_session import SubscribeOptions, SubscribeSession

Handler = Callable[[ReceivedEvent], object]
"""Takes one event: returning acks it, raising nacks it."""


class Subscription:
    """One consumer of a subscription: events for a handler, or for a ``for`` loop.

    Without a handler, iterate it and settle each event yourself::

        with client.subscribe("learning", subscription="trainer") as events:
            for event in events:
                print(event.json())
                event.ack()
    """

    def __init__(
        self,
        open_call: Callable[..., Any],
        options: SubscribeOptions,
        handler: Handler | None,
        dispatcher: "Dispatcher",
        on_close: Callable[["Subscription"], None],
    ) -> None:
        """Opens the stream; ``PubSubClient.subscribe`` makes these, not the user.

        Args:
            open_call: Starts the RPC.
            options: How to open the stream.
            handler: Takes the events, or None for iteration.
            dispatcher: Runs the handler.
            on_close: Called once when it is closed.
        """
        self._session = SubscribeSession(options)
        self._session.speak = self._speak
        self._runner = StreamRunner(open_call, self._session)
        self._handler = handler
        self._dispatcher = dispatcher
        self._on_close = on_close
        self._is_closed = False
        self._handling: int | None = None
        if handler is not None:
            self._session.on_ready = dispatcher.wake
            dispatcher.add(self)
        with self._runner.changed:
            self._runner.start()

    @property
    def name(self) -> str:
        """Name of the subscription; that of an ephemeral one is known once it is open."""
        return self._session.name

    @property
    def error(self) -> PubSubError | None:
        """Why it ended for good, if it did."""
        return self._session.error

    @property
    def stale_settlements(self) -> int:
        """Settlements that came too late: another consumer had the event, or it was settled."""
        return self._session.stale

    @property
    def notice(self) -> str:
        """Why the broker dispatches nothing although there may be events; empty otherwise.

        It is also logged as a warning of the logger ``opendxa_pubsub``.
        """
        return self._session.notice

    def wait_open(self, timeout_s: float = TIMEOUT_S_DEFAULT) -> None:
        """Waits until the broker has opened it.

        Raises:
            PubSubError: It cannot be opened.
            PubSubTimeoutError: It was not opened in time.
        """
        wait_s = seconds("timeout_s", timeout_s)
        with self._runner.changed:
            self._runner.changed.wait_for(
                lambda: self._session.was_opened or self._session.error is not None, wait_s
            )
            if self._session.error is not None:
                raise self._session.error
            if not self._session.was_opened:
                raise pubsub_error("TIMED_OUT", "the subscription was not opened in time")

    def take(self, timeout_s: float | None = None) -> ReceivedEvent | None:
        """The next event, for programs that poll.

        Args:
            timeout_s: Longest wait in seconds; None: until there is one.

        Returns:
            The event, or None when none came in time or the subscription was closed.

        Raises:
            PubSubError: The subscription ended for good.
        """
        wait_s = None if timeout_s is None else seconds("timeout_s", timeout_s)
        changed = self._runner.changed
        with changed:
            changed.wait_for(
                lambda: self._session.ready or self._is_closed or self._session.error, wait_s
            )
            event = None if self._is_closed else self._session.take()
            if event is not None:
                changed.notify_all()
            elif self._session.error is not None and not self._is_closed:
                raise self._session.error
            return event

    def __iter__(self) -> Iterator[ReceivedEvent]:
        """Yields events until the subscription is closed; each is settled by its receiver."""
        while (event := self.take()) is not None:
            yield event

    def flush(self, timeout_s: float = CLOSE_S_MAX) -> bool:
        """Waits until the broker has every ack and nack durably.

        Args:
            timeout_s: Longest wait in seconds.

        Returns:
            Whether it was in time.
        """
        deadline_s = time.monotonic() + seconds("timeout_s", timeout_s)
        changed = self._runner.changed
        with changed:
            while not self._session.is_drained() and self._session.error is None:
                rest_s = deadline_s - time.monotonic()
                if rest_s <= 0:
                    break
                changed.wait(timeout=rest_s)
            return self._session.is_drained()

    def close(self) -> None:
        """Sends what was settled, then leaves; unsettled events go to other consumers."""
        with self._runner.changed:
            if self._is_closed:
                return
            self._is_closed = True
            self._runner.changed.notify_all()
            if self._handling != threading.get_ident():
                self._runner.changed.wait_for(lambda: self._handling is None, CLOSE_S_MAX)
        if self._handler is not None:
            self._dispatcher.remove(self)
        if self._session.is_open:
            self.flush()
        self._runner.close()
        self._on_close(self)

    def __enter__(self) -> Self:
        """The subscription itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it."""
        self.close()

    def _speak(self, lease: Lease, index: int, word: Word) -> None:
        with self._runner.changed:
            self._session.say(lease, index, word)
            self._runner.changed.notify_all()

    def _handle_next(self) -> bool:
        """Gives the next event to the handler; says whether there was one."""
        with self._runner.changed:
            event = None if self._is_closed else self._session.take()
            if event is None or self._handler is None:
                return False
            self._handling = threading.get_ident()
            self._runner.changed.notify_all()
        try:
            self._handler(event)
        except Exception as error:  # whatever a handler raises is a nack with its reason
            cause = error.__cause__ or error
            event.nack(f"{type(cause).__name__}: {cause}")
        else:
            event.ack()
        finally:
            with self._runner.changed:
                self._handling = None
                self._runner.changed.notify_all()
        return True


class Dispatcher:
    """Runs all handlers of a client one after another in one thread.

    A Dana runtime's handlers must not run side by side: its lambdas share their parameters.
    """

    def __init__(self) -> None:
        """Starts no thread before the first handler."""
        self._subscriptions: list[Subscription] = []
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def add(self, subscription: Subscription) -> None:
        """Handles a subscription's events from now on."""
        with self._lock:
            self._subscriptions.append(subscription)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="opendxa-pubsub-handlers", daemon=True
                )
                self._thread.start()

    def remove(self, subscription: Subscription) -> None:
        """Handles no more of its events; returns at once, one may be in its handler still."""
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    def wake(self) -> None:
        """Says that a subscription has events."""
        self._wake.set()

    def close(self) -> None:
        """Ends the thread after the handler that runs."""
        self._is_closed = True
        self._wake.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_S_MAX)

    def _run(self) -> None:
        while not self._is_closed:
            self._wake.wait()
            self._wake.clear()
            busy = True
            while busy and not self._is_closed:
                with self._lock:
                    turn = list(self._subscriptions)
                busy = any([subscription._handle_next() for subscription in turn])
