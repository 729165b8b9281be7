"""Keeps one stream running in an event loop: opens, reads, writes, watches, opens again."""

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._async_calls import is_cancelled
from opendxa_pubsub._backoff import backoff_s
from opendxa_pubsub._errors import PubSubError, error_from_grpc, pubsub_error
from opendxa_pubsub._limits import HEARTBEATS_MISSED_MAX
from opendxa_pubsub._session import Session, heartbeat_now
from opendxa_pubsub._signal import Signal

_TICK_S = 1.0


class AsyncStreamRunner:
    """Runs a session as tasks of one loop; ``changed`` wakes whoever waits for something in it.

    ``lock`` guards the session against other threads, from which events may be settled. It is never
    held across an await.
    """

    def __init__(self, open_call: Callable[..., Any], session: Session) -> None:
        """Binds the parts; :meth:`start` begins.

        Args:
            open_call: Starts the RPC.
            session: The stream's meaning.
        """
        self.changed = Signal()
        self.lock = threading.Lock()
        self.session = session
        self._open_call = open_call
        self._call: Any = None
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False
        self._is_idle = True
        self._last_heard_s = 0.0
        self._random = random.Random()

    def start(self) -> None:
        """Begins, or begins again after the session ended."""
        if not self._is_closing and self._is_idle:
            self._is_idle = False
            self._task = asyncio.create_task(self._run(), name="opendxa-pubsub")

    @property
    def is_idle(self) -> bool:
        """Whether the stream ended and nothing opens it again by itself."""
        return self._is_idle

    async def close(self) -> None:
        """Ends the stream."""
        self._is_closing = True
        self.changed.notify()
        if self._call is not None:
            self._call.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        failures = 0
        while True:
            error, was_open = await self._serve_once()
            failures = 1 if was_open else failures + 1
            if self._is_closing:
                error = pubsub_error("CLIENT_CLOSED", "the client was closed")
            with self.lock:
                goes_on = self.session.ended(error) and not self._is_closing
            self._is_idle = not goes_on
            self.changed.notify()
            if not goes_on:
                return
            wait_s = backoff_s(failures, self._random)
            await self.changed.wait_for(lambda: self._is_closing, wait_s)

    async def _serve_once(self) -> tuple[PubSubError, bool]:
        if self._is_closing:
            return pubsub_error("CLIENT_CLOSED", "the client was closed"), False
        self._last_heard_s = time.monotonic()
        self._call = call = self._open_call(wait_for_ready=True)
        beside = [asyncio.create_task(work) for work in (self._write(call), self._watch(call))]
        try:
            error = await self._read(call)
        finally:
            self._call = None
            call.cancel()
            for task in beside:
                task.cancel()
        for ended in (await asyncio.wait(beside))[0]:
            if not ended.cancelled():
                ended.result()
        return error, self.session.is_open

    async def _read(self, call: Any) -> PubSubError:  # noqa: ANN401 - a call of grpc.aio
        try:
            while (message := await call.read()) is not grpc.aio.EOF:
                self._last_heard_s = time.monotonic()
                with self.lock:
                    self.session.receive(message)
                self.changed.notify()
        except grpc.RpcError as failure:
            # Where a write failed first, grpc.aio says INTERNAL of its own instead of the broker's
            # word; as a bare status it counts as a lost connection, and opening asks again.
            return error_from_grpc(failure)
        except asyncio.CancelledError:
            # A cancelled call is ours: the watch found the broker silent, or the client closes.
            if is_cancelled():
                raise
            return pubsub_error("CONNECTION_LOST", "the broker was silent for three heartbeats")
        return pubsub_error("CONNECTION_LOST", "the broker ended the stream")

    async def _write(self, call: Any) -> None:  # noqa: ANN401
        # The reader learns why a call ended, and nothing is lost here: it is sent again.
        with contextlib.suppress(grpc.RpcError, asyncio.InvalidStateError):
            await call.write(self.session.opening())
            while True:
                await call.write(await self._next())

    async def _next(self) -> Any:  # noqa: ANN401 - a message of the session's kind
        sent_s = time.monotonic()
        while True:
            rest_s = sent_s + self.session.heartbeat_ms / 1_000 - time.monotonic()
            with self.lock:
                if self.session.is_open:
                    message = self.session.next_message()
                    if message is None and rest_s <= 0:
                        message = self.session.beat(heartbeat_now())
                    if message is not None:
                        return message
            await self.changed.change(rest_s if rest_s > 0 else _TICK_S)

    async def _watch(self, call: Any) -> None:  # noqa: ANN401
        silence_s = 0.0
        while silence_s * 1_000 <= self.session.heartbeat_ms * HEARTBEATS_MISSED_MAX:
            await asyncio.sleep(_TICK_S)
            now_s = time.monotonic()
            silence_s = now_s - self._last_heard_s
            with self.lock:
                self.session.tick(now_s)
            self.changed.notify()
        call.cancel()
