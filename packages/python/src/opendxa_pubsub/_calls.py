"""What every call of the client for threads goes through."""

import random
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from opendxa_pubsub._backoff import backoff_s
from opendxa_pubsub._channel import CHANNEL_OPTIONS, Stubs, is_worth_a_retry
from opendxa_pubsub._errors import PubSubError, error_from_grpc, pubsub_error

_Answer = TypeVar("_Answer")


class Calls:
    """A channel with its services, and the one door for unary calls."""

    def __init__(self, address: str, namespace: str, timeout_s: float) -> None:
        """Makes the channel without connecting.

        Args:
            address: Host and port of the broker.
            namespace: Namespace of everything.
            timeout_s: Longest wait for an answer, in seconds.
        """
        self.address = address
        self._namespace = namespace
        self._timeout_s = timeout_s
        self._channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._stubs = Stubs(self._channel)
        self._closing = threading.Event()

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise pubsub_error("CLIENT_CLOSED", "the client was closed")

    def _call(self, method: Any, request: Any) -> Any:  # noqa: ANN401 - one door for all RPCs
        return self._retried(lambda rest_s: method(request, timeout=rest_s), self._timeout_s)

    def _call_once(self, method: Any, request: Any) -> Any:  # noqa: ANN401 - as _call
        """Makes a request that must not be repeated by itself."""
        self._check_open()
        try:
            return method(request, timeout=self._timeout_s)
        except grpc.RpcError as failure:
            raise error_from_grpc(failure) from failure

    def _retried(
        self, attempt: Callable[[float | None], _Answer], timeout_s: float | None
    ) -> _Answer:
        """Repeats what changes nothing when repeated, while the broker cannot be reached."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        failures = 0
        while True:
            self._check_open()
            rest_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
            try:
                return attempt(rest_s)
            except grpc.RpcError as failure:
                error = error_from_grpc(failure)
            except PubSubError as failure:
                error = failure
            failures += 1
            wait_s = backoff_s(failures, random.Random())
            if not is_worth_a_retry(error):
                raise error
            if deadline_s is not None and time.monotonic() + wait_s >= deadline_s:
                raise error
            self._closing.wait(wait_s)
