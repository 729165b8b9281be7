"""What every call of the client for threads goes through."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from opendxa_pubsub._attempts import Attempts
from opendxa_pubsub._channel import CHANNEL_OPTIONS, Stubs
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
        attempts = Attempts(timeout_s)
        while True:
            self._check_open()
            try:
                return attempt(attempts.rest_s)
            except grpc.RpcError as failure:
                error = error_from_grpc(failure)
            except PubSubError as failure:
                error = failure
            self._closing.wait(attempts.pause_s(error))
