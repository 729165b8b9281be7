"""Keeps one stream running from threads: opens, reads, writes, watches, opens again."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import Message

from opendxa_pubsub._backoff import backoff_s
from opendxa_pubsub._errors import PubSubError, error_from_grpc, pubsub_error
from opendxa_pubsub._limits import HEARTBEATS_MISSED_MAX
from opendxa_pubsub._session import Session, heartbeat_now

_TICK_S = 1.0


class StreamRunner:
    """Runs a session; ``changed`` is the lock of everything in it, and wakes whoever waits."""

    def __init__(self, open_call: Callable[..., Any], session: Session) -> None:
        """Binds the parts; :meth:`start` begins.

        Args:
            open_call: Starts the RPC with an iterator of requests.
            session: The stream's meaning.
        """
        self.changed = threading.Condition()
        self.session = session
        self._open_call = open_call
        self._call: Any = None
        self._is_closing = False
        self._is_idle = True
        self._last_heard_s = 0.0
        self._random = random.Random()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins, or begins again after the session ended; the caller holds ``changed``."""
        if self._is_closing or not self._is_idle:
            return
        self._is_idle = False
        self._thread = threading.Thread(target=self._run, name="opendxa-pubsub", daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Whether the stream ended and nothing opens it again by itself."""
        return self._is_idle

    def close(self) -> None:
        """Ends the stream."""
        with self.changed:
            self._is_closing = True
            call, thread = self._call, self._thread
            self.changed.notify_all()
        if call is not None:
            call.cancel()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        failures = 0
        while True:
            error, was_open = self._serve_once()
            with self.changed:
                failures = 1 if was_open else failures + 1
                if self._is_closing:
                    error = pubsub_error("CLIENT_CLOSED", "the client was closed")
                goes_on = self.session.ended(error) and not self._is_closing
                self._call = None
                self._is_idle = not goes_on
                self.changed.notify_all()
                if not goes_on:
                    return
                wait_s = backoff_s(failures, self._random)
                self.changed.wait_for(lambda: self._is_closing, timeout=wait_s)

    def _serve_once(self) -> tuple[PubSubError, bool]:
        ended = threading.Event()
        self._last_heard_s = time.monotonic()
        try:
            with self.changed:
                if self._is_closing:
                    return pubsub_error("CLIENT_CLOSED", "the client was closed"), False
                self._call = call = self._open_call(self._requests(ended), wait_for_ready=True)
            watch = threading.Thread(target=self._watch, args=(call, ended), daemon=True)
            watch.start()
            for message in call:
                with self.changed:
                    self._last_heard_s = time.monotonic()
                    self.session.receive(message)
                    self.changed.notify_all()
            error = pubsub_error("CONNECTION_LOST", "the broker ended the stream")
        except grpc.RpcError as failure:
            error = error_from_grpc(failure)
        finally:
            ended.set()
            with self.changed:
                was_open = self.session.is_open
                self.changed.notify_all()
        return error, was_open

    def _requests(self, ended: threading.Event) -> Iterator[Message]:
        yield self.session.opening()
        while True:
            with self.changed:
                message = self._next(ended)
            if message is None:
                return
            yield message

    def _next(self, ended: threading.Event) -> Message | None:
        sent_s = time.monotonic()
        while not ended.is_set() and not self._is_closing:
            rest_s = sent_s + self.session.heartbeat_ms / 1_000 - time.monotonic()
            if self.session.is_open:
                message = self.session.next_message()
                if message is not None:
                    return message
                if rest_s <= 0:
                    return self.session.beat(heartbeat_now())
            self.changed.wait(timeout=rest_s if rest_s > 0 else _TICK_S)
        return None

    def _watch(self, call: grpc.Call, ended: threading.Event) -> None:
        while not ended.wait(_TICK_S):
            with self.changed:
                now_s = time.monotonic()
                silence_s = now_s - self._last_heard_s
                if silence_s * 1_000 > self.session.heartbeat_ms * HEARTBEATS_MISSED_MAX:
                    break
                self.session.tick(now_s)
                self.changed.notify_all()
        call.cancel()
