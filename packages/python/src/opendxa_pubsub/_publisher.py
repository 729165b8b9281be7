"""Publishing from threads: one stream, one idempotent producer, futures."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from opendxa_pubsub._atomic_events import AtomicEvents
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._limits import BUFFER_BYTES_MAX
from opendxa_pubsub._pending_event import PendingEvent
from opendxa_pubsub._publish_session import PublishSession
from opendxa_pubsub._stream_runner import StreamRunner

_Receipt = TypeVar("_Receipt")


def settle_future(future: "Future[_Receipt]", outcome: _Receipt | PubSubError) -> None:
    """Gives a future its outcome; one that its owner cancelled is left alone."""
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(outcome, PubSubError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class Publisher:
    """Queues events for the stream, which opens with the first one and stays open."""

    def __init__(
        self,
        open_call: Callable[..., Any],
        namespace: str,
        client_name: str,
    ) -> None:
        """Binds the parts without connecting.

        Args:
            open_call: Starts PublishStream.
            namespace: Namespace of all events.
            client_name: Shown in the broker's lists.
        """
        self._session = PublishSession(namespace, client_name)
        self._runner = StreamRunner(open_call, self._session)
        self._is_closed = False

    @property
    def producer_id(self) -> bytes:
        """The producer that it publishes as."""
        return self._session.window.producer_id

    def add(self, pending: PendingEvent | AtomicEvents, timeout_s: float) -> None:
        """Queues one event or several together, waiting for room in the client's buffer.

        Raises:
            PubSubOverloadedError: BUFFER_FULL, there was no room in time.
            PubSubClosedError: The client was closed.
        """
        window = self._session.window
        changed = self._runner.changed
        with changed:
            has_room = changed.wait_for(
                lambda: self._is_closed or window.has_room(pending.size), timeout=timeout_s
            )
            if self._is_closed:
                raise pubsub_error("CLIENT_CLOSED", "the client was closed")
            if not has_room:
                text = "too much is not acknowledged yet"
                raise pubsub_error("BUFFER_FULL", text, {"limit": BUFFER_BYTES_MAX})
            window.add(pending)
            self._runner.start()
            changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Waits until everything was acknowledged or refused; says whether it was in time."""
        changed = self._runner.changed
        deadline_s = time.monotonic() + timeout_s
        with changed:
            while not self._session.is_drained():
                rest_s = deadline_s - time.monotonic()
                if rest_s <= 0 or self._runner.is_idle:
                    return self._session.is_drained()
                changed.wait(timeout=rest_s)
        return True

    def close(self, timeout_s: float) -> None:
        """Waits for acknowledgements, then ends; what is left fails as CLIENT_CLOSED."""
        with self._runner.changed:
            self._is_closed = True
            self._runner.changed.notify_all()
        self.flush(timeout_s)
        self._runner.close()
        with self._runner.changed:
            self._session.window.fail(pubsub_error("CLIENT_CLOSED", "the client was closed"))

    @property
    def lock(self) -> threading.Condition:
        """The lock under which futures are settled."""
        return self._runner.changed
