"""The publishing stream's meaning."""

from google.protobuf.message import Message

from opendxa_pubsub._errors import PubSubError
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2 as pb
from opendxa_pubsub._limits import HEARTBEAT_MS_DEFAULT
from opendxa_pubsub._publish_window import PublishWindow


class PublishSession:
    """Opens as one producer, sends frames as credit allows, settles acknowledged ones."""

    def __init__(self, namespace: str, client_name: str) -> None:
        """Starts with an empty window.

        Args:
            namespace: Namespace of all events.
            client_name: Shown in the broker's lists.
        """
        self.window = PublishWindow()
        self.is_open = False
        self.heartbeat_ms = HEARTBEAT_MS_DEFAULT
        self._namespace = namespace
        self._client_name = client_name

    def opening(self) -> Message:
        """PublishOpen with the window's producer."""
        return pb.PublishStreamRequest(
            open=pb.PublishOpen(
                namespace=self._namespace,
                producer_id=self.window.producer_id,
                client_name=self._client_name,
                heartbeat_ms=HEARTBEAT_MS_DEFAULT,
            )
        )

    def receive(self, message: Message) -> None:
        """Takes the opening's answer and acknowledgements."""
        assert isinstance(message, pb.PublishStreamResponse)
        if message.HasField("opened"):
            self.heartbeat_ms = message.opened.heartbeat_ms or HEARTBEAT_MS_DEFAULT
            self.is_open = True
            self.window.opened(message.opened)
        elif message.HasField("ack"):
            self.window.acknowledge(message.ack)

    def next_message(self) -> Message | None:
        """The next frame, if there is one and credit for it."""
        frame = self.window.next_frame()
        return None if frame is None else pb.PublishStreamRequest(frame=frame)

    def beat(self, heartbeat: pb.Heartbeat) -> Message:
        """The heartbeat in this stream's envelope."""
        return pb.PublishStreamRequest(heartbeat=heartbeat)

    def ended(self, error: PubSubError) -> bool:
        """Keeps what is unacknowledged for the next stream; a final error settles all of it.

        Being fenced is final for the producer and not for the client: the window begins anew.
        """
        self.is_open = False
        self.window.lost()
        if not error.retryable:
            self.window.fail(error)
        return not self.window.is_empty

    def tick(self, now_s: float) -> None:
        """Nothing here depends on time."""

    def is_drained(self) -> bool:
        """Whether everything was acknowledged."""
        return self.window.is_empty
