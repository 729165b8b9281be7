"""What every call of the client for asyncio goes through."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import grpc
import grpc.aio

from opendxa_pubsub._attempts import Attempts
from opendxa_pubsub._channel import CHANNEL_OPTIONS, Stubs
from opendxa_pubsub._errors import PubSubError, error_from_grpc, pubsub_error
from opendxa_pubsub._signal import Signal

_Answer = TypeVar("_Answer")
_log = logging.getLogger("opendxa_pubsub")


def is_cancelled() -> bool:
    """Whether the running task itself is being cancelled, and not a call that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


Settle = Callable[[], Coroutine[Any, Any, None]]
"""Sends what was said of the events of one call of Consume."""


class AsyncCalls:
    """A channel with its services, and the one door for unary calls; used in one event loop."""

    def __init__(self, address: str, namespace: str, timeout_s: float) -> None:
        """Makes neither channel nor connection yet, and needs no running loop.

        Args:
            address: Host and port of the broker.
            namespace: Namespace of everything.
            timeout_s: Longest wait for an answer, in seconds.
        """
        self.address = address
        self._namespace = namespace
        self._timeout_s = timeout_s
        self._channel: grpc.aio.Channel | None = None
        self._bound_stubs: Stubs | None = None
        self._open_calls: set[Any] = set()
        self._unsettled: set[Settle] = set()
        self._settling: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._closing = Signal()

    @property
    def _stubs(self) -> Stubs:
        # A channel of grpc.aio belongs to the loop in which it was made: made with the first call.
        if self._bound_stubs is None:
            self._channel = grpc.aio.insecure_channel(self.address, options=CHANNEL_OPTIONS)
            self._bound_stubs = Stubs(self._channel)
        return self._bound_stubs

    @contextlib.contextmanager
    def _held(self, call: Any) -> Iterator[Any]:  # noqa: ANN401 - a call of grpc.aio
        """Cancels a call when its user leaves it, or when the client closes.

        A channel that closes is no help: not every version of grpc.aio finds its calls.
        """
        self._open_calls.add(call)
        try:
            yield call
        finally:
            self._open_calls.discard(call)
            call.cancel()

    def _settle_soon(self, settle: Settle, loop: asyncio.AbstractEventLoop) -> None:
        """Settles in the client's loop, from any thread; ``close`` does what is left of it."""
        self._unsettled.add(settle)
        with contextlib.suppress(RuntimeError):  # the loop is closed, and the client with it
            loop.call_soon_threadsafe(self._start_settling, settle)

    def _start_settling(self, settle: Settle) -> None:
        if settle not in self._unsettled:
            return
        self._unsettled.discard(settle)
        task = asyncio.get_running_loop().create_task(settle())
        self._settling.add(task)
        task.add_done_callback(self._settled)

    def _settled(self, task: asyncio.Task[None]) -> None:
        self._settling.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("what was said of events was not carried out: %s", error)

    async def _settle_all(self, timeout_s: float) -> None:
        """Sends what was said of events that came by calls, also of loops that were left."""
        deadline_s = time.monotonic() + timeout_s
        while self._unsettled or self._settling:
            for settle in list(self._unsettled):
                self._start_settling(settle)
            rest_s = deadline_s - time.monotonic()
            if rest_s <= 0:
                return
            await asyncio.wait(self._settling, timeout=rest_s)

    async def _disconnect(self) -> None:
        for call in self._open_calls:
            call.cancel()
        if self._channel is not None:
            await self._channel.close()

    def _check_open(self) -> None:
        if self._is_closing:
            raise pubsub_error("CLIENT_CLOSED", "the client was closed")

    async def _call(self, method: Any, request: Any) -> Any:  # noqa: ANN401 - one door for all RPCs
        async def attempt(rest_s: float | None) -> Any:  # noqa: ANN401
            with self._held(method(request, timeout=rest_s)) as call:
                return await call

        return await self._retried(attempt, self._timeout_s)

    async def _call_once(self, method: Any, request: Any) -> Any:  # noqa: ANN401 - as _call
        """Makes a request that must not be repeated by itself."""
        self._check_open()
        try:
            with self._held(method(request, timeout=self._timeout_s)) as call:
                return await call
        except grpc.RpcError as failure:
            raise error_from_grpc(failure) from failure
        except asyncio.CancelledError:
            # A client that closes cancels its calls; nobody has cancelled this task.
            if is_cancelled() or not self._is_closing:
                raise
            raise pubsub_error("CLIENT_CLOSED", "the client was closed") from None

    async def _retried(
        self, attempt: Callable[[float | None], Awaitable[_Answer]], timeout_s: float | None
    ) -> _Answer:
        """Repeats what changes nothing when repeated, while the broker cannot be reached."""
        attempts = Attempts(timeout_s)
        while True:
            self._check_open()
            try:
                return await attempt(attempts.rest_s)
            except grpc.RpcError as failure:
                error = error_from_grpc(failure)
            except PubSubError as failure:
                error = failure
            except asyncio.CancelledError:
                # A client that closes cancels its calls; nobody has cancelled this task.
                if is_cancelled() or not self._is_closing:
                    raise
                error = pubsub_error("CLIENT_CLOSED", "the client was closed")
            await self._closing.wait_for(lambda: self._is_closing, attempts.pause_s(error))
