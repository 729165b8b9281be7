"""A subscription in use by coroutines."""

import asyncio
import contextlib
import inspect
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from types import TracebackType
from typing import Any, Self

from opendxa_pubsub._arguments import seconds
from opendxa_pubsub._async_calls import is_cancelled
from opendxa_pubsub._async_stream_runner import AsyncStreamRunner
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._handler_thread import HandlerThread
from opendxa_pubsub._leases import Lease, Word
from opendxa_pubsub._limits import CLOSE_S_MAX, TIMEOUT_S_DEFAULT
from opendxa_pubsub._received_event import ReceivedEvent
from opendxa_pubsub._subscribe_session import SubscribeOptions, SubscribeSession
from opendxa_pubsub._subscription import Handler

# The subscription whose handler the code runs in, inherited by tasks that the handler makes.
_handled: ContextVar["AsyncSubscription | None"] = ContextVar("handled", default=None)


class AsyncSubscription:
    """One consumer of a subscription: events for a handler, or for an ``async for`` loop.

    Without a handler, iterate it and settle each event yourself; events may be settled in any
    thread::

        async with await client.subscribe("learning", subscription="trainer") as events:
            async for event in events:
                print(event.json())
                event.ack()
    """

    def __init__(
        self,
        open_call: Callable[..., Any],
        options: SubscribeOptions,
        handler: Handler | None,
        thread: HandlerThread,
        on_close: Callable[["AsyncSubscription"], Awaitable[None]],
    ) -> None:
        """Opens the stream; ``AsyncPubSubClient.subscribe`` makes these, not the user.

        Args:
            open_call: Starts the RPC.
            options: How to open the stream.
            handler: Takes the events, or None for iteration.
            thread: Runs the handler where it is a plain function.
            on_close: Called once when it is closed.
        """
        self._session = SubscribeSession(options)
        self._session.speak = self._speak
        self._runner = AsyncStreamRunner(open_call, self._session)
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._handler = handler
        self._thread = thread
        self._on_close = on_close
        self._is_closed = False
        self._closing: asyncio.Task[None] | None = None
        self._handling = None if handler is None else asyncio.create_task(self._handle())
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

    async def wait_open(self, timeout_s: float = TIMEOUT_S_DEFAULT) -> None:
        """Waits until the broker has opened it.

        Args:
            timeout_s: Longest wait in seconds.

        Raises:
            PubSubError: It cannot be opened.
            PubSubTimeoutError: It was not opened in time.
        """
        session = self._session
        wait_s = seconds("timeout_s", timeout_s)
        await self._runner.changed.wait_for(lambda: session.was_opened or session.error, wait_s)
        if session.error is not None:
            raise session.error
        if not session.was_opened:
            raise pubsub_error("TIMED_OUT", "the subscription was not opened in time")

    async def take(self, timeout_s: float | None = None) -> ReceivedEvent | None:
        """The next event, for programs that poll; cancelled it takes none.

        Args:
            timeout_s: Longest wait in seconds; None: until there is one.

        Returns:
            The event, or None when none came in time or the subscription was closed.

        Raises:
            PubSubError: The subscription ended for good.
        """
        session = self._session
        wait_s = None if timeout_s is None else seconds("timeout_s", timeout_s)
        await self._runner.changed.wait_for(
            lambda: session.ready or self._is_closed or session.error, wait_s
        )
        if self._is_closed:
            return None
        with self._runner.lock:
            event = session.take()
        if event is None and session.error is not None:
            raise session.error
        self._runner.changed.notify()
        return event

    async def __aiter__(self) -> AsyncIterator[ReceivedEvent]:
        """Yields events until the subscription is closed; each is settled by its receiver."""
        while (event := await self.take()) is not None:
            yield event

    async def flush(self, timeout_s: float = CLOSE_S_MAX) -> bool:
        """Waits until the broker has every ack and nack durably.

        Args:
            timeout_s: Longest wait in seconds.

        Returns:
            Whether it was in time.
        """
        session = self._session
        wait_s = seconds("timeout_s", timeout_s)
        await self._runner.changed.wait_for(lambda: session.is_drained() or session.error, wait_s)
        return session.is_drained()

    async def close(self) -> None:
        """Sends what was settled, then leaves; unsettled events go to other consumers.

        A running handler has 10 seconds to end, then it is cancelled and its event comes again. A
        cancelled close goes on by itself.
        """
        if self._closing is None:
            self._is_closed = True
            self._runner.changed.notify()
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def __aenter__(self) -> Self:
        """The subscription itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it."""
        await self.close()

    async def _close(self) -> None:
        handling = self._handling
        # A handler that closes its own subscription cannot be waited for: it waits for this.
        if handling is not None and _handled.get() is not self:
            await asyncio.wait({handling}, timeout=CLOSE_S_MAX)
            handling.cancel()
            await asyncio.wait({handling}, timeout=CLOSE_S_MAX)
        if self._session.is_open:
            await self.flush()
        await self._runner.close()
        await self._on_close(self)

    def _speak(self, lease: Lease, index: int, word: Word) -> None:
        with self._runner.lock:
            self._session.say(lease, index, word)
        if threading.get_ident() == self._loop_thread:
            self._runner.changed.notify()
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed, and the stream with it
            self._loop.call_soon_threadsafe(self._runner.changed.notify)

    async def _handle(self) -> None:
        _handled.set(self)
        with contextlib.suppress(PubSubError):  # it ended for good: ``error`` says why
            async for event in self:
                await self._handle_one(event)

    async def _handle_one(self, event: ReceivedEvent) -> None:
        try:
            await self._run_handler(event)
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            event.nack("CancelledError: the handler was cancelled")
        except Exception as error:  # whatever a handler raises is a nack with its reason
            cause = error.__cause__ or error
            event.nack(f"{type(cause).__name__}: {cause}")
        else:
            event.ack()

    async def _run_handler(self, event: ReceivedEvent) -> None:
        handler = self._handler
        assert handler is not None
        if inspect.iscoroutinefunction(handler):
            result: object = handler(event)
        else:
            result = await self._thread.run(partial(handler, event))
        if inspect.isawaitable(result):
            await result
