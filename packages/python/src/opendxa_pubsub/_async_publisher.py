"""Publishing from an event loop: one stream, one idempotent producer, futures."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from opendxa_pubsub._async_stream_runner import AsyncStreamRunner
from opendxa_pubsub._atomic_events import AtomicEvents
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._limits import BUFFER_BYTES_MAX
from opendxa_pubsub._pending_event import PendingEvent
from opendxa_pubsub._publish_session import PublishSession

_Receipt = TypeVar("_Receipt")


def receipt_future() -> "asyncio.Future[Any]":
    """A future that is silent where nobody asks for its error, as those of the threads are."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future


def settle_receipt(future: "asyncio.Future[_Receipt]", outcome: _Receipt | PubSubError) -> None:
    """Gives a future its outcome; one that its owner cancelled is left alone."""
    if future.done():
        return
    if isinstance(outcome, PubSubError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class AsyncPublisher:
    """Queues events for the stream, which opens with the first one and stays open."""

    def __init__(self, open_call: Callable[..., Any], namespace: str, client_name: str) -> None:
        """Binds the parts without connecting.

        Args:
            open_call: Starts PublishStream.
            namespace: Namespace of all events.
            client_name: Shown in the broker's lists.
        """
        self._session = PublishSession(namespace, client_name)
        self._runner = AsyncStreamRunner(open_call, self._session)
        self._is_closed = False

    @property
    def producer_id(self) -> bytes:
        """The producer that it publishes as."""
        return self._session.window.producer_id

    async def add(self, pending: PendingEvent | AtomicEvents, timeout_s: float) -> None:
        """Queues one event or several together, waiting for room; cancelled it is not queued.

        Raises:
            PubSubOverloadedError: BUFFER_FULL, there was no room in time.
            PubSubClosedError: The client was closed.
        """
        window = self._session.window
        has_room = await self._runner.changed.wait_for(
            lambda: self._is_closed or window.has_room(pending.size), timeout_s
        )
        if self._is_closed:
            raise pubsub_error("CLIENT_CLOSED", "the client was closed")
        if not has_room:
            text = "too much is not acknowledged yet"
            raise pubsub_error("BUFFER_FULL", text, {"limit": BUFFER_BYTES_MAX})
        window.add(pending)
        self._runner.start()
        self._runner.changed.notify()

    async def flush(self, timeout_s: float) -> bool:
        """Waits until everything was acknowledged or refused; says whether it was in time."""
        session, runner = self._session, self._runner
        await runner.changed.wait_for(lambda: session.is_drained() or runner.is_idle, timeout_s)
        return session.is_drained()

    async def close(self, timeout_s: float) -> None:
        """Waits for acknowledgements, then ends; what is left fails as CLIENT_CLOSED."""
        self._is_closed = True
        self._runner.changed.notify()
        await self.flush(timeout_s)
        await self._runner.close()
        self._session.window.fail(pubsub_error("CLIENT_CLOSED", "the client was closed"))
