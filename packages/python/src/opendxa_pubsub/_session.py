"""What a stream session is: the words between a stream's transport and its meaning."""

import time
from typing import Protocol

from google.protobuf.message import Message

from opendxa_pubsub._errors import PubSubError
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2


class Session(Protocol):
    """One kind of stream, without threads, sockets or a clock; its runner serializes access."""

    is_open: bool
    heartbeat_ms: int

    def opening(self) -> Message:
        """The stream's first message."""

    def receive(self, message: Message) -> None:
        """Takes a message of the broker."""

    def next_message(self) -> Message | None:
        """What to send now, if anything."""

    def beat(self, heartbeat: publisher_service_pb2.Heartbeat) -> Message:
        """The message that carries a heartbeat."""

    def ended(self, error: PubSubError) -> bool:
        """The stream ended.

        Returns:
            Whether to open it again.
        """

    def tick(self, now_s: float) -> None:
        """Time passed: called about once a second while the stream is open."""

    def is_drained(self) -> bool:
        """Whether nothing waits for an answer of the broker."""


def heartbeat_now() -> publisher_service_pb2.Heartbeat:
    """A heartbeat with this machine's clock."""
    return publisher_service_pb2.Heartbeat(time_unix_ms=time.time_ns() // 1_000_000)
