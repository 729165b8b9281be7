"""Where the broker is, and how gRPC talks to it."""

import os
from typing import Any

import grpc

from opendxa_pubsub._arguments import text
from opendxa_pubsub._errors import PubSubError
from opendxa_pubsub._gen.opendxa.pubsub.v1 import (
    broker_service_pb2_grpc,
    feedback_service_pb2_grpc,
    publisher_service_pb2_grpc,
    query_service_pb2_grpc,
    subscriber_service_pb2_grpc,
    subscription_service_pb2_grpc,
    topic_service_pb2_grpc,
)
from opendxa_pubsub._limits import (
    KEEPALIVE_MS,
    KEEPALIVE_TIMEOUT_MS,
    MESSAGE_BYTES_MAX,
    PING_TIMEOUT_MS,
)

ADDRESS_VARIABLE = "OPENDXA_PUBSUB_ADDRESS"
_ADDRESS_DEFAULT = "127.0.0.1:50051"

CHANNEL_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    # gRPC's own waits go up to two minutes; a restarted broker must be found within seconds.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A connection that was lost without its end is left: streams that open again would wait on it.
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.ping_timeout_ms", PING_TIMEOUT_MS),
    # Each client has a connection of its own, as streams share its windows.
    ("grpc.use_local_subchannel_pool", 1),
)


def resolve_address(address: str | None) -> str:
    """The stated address, else that of the environment, else the default."""
    if address is not None:
        text("address", address)
    return address or os.environ.get(ADDRESS_VARIABLE) or _ADDRESS_DEFAULT


class Stubs:
    """The services that this package calls, on one channel."""

    def __init__(self, channel: Any) -> None:  # noqa: ANN401 - grpc.Channel or grpc.aio.Channel
        """Binds every service.

        Args:
            channel: The channel.
        """
        self.publisher: Any = publisher_service_pb2_grpc.PublisherServiceStub(channel)
        self.subscriber: Any = subscriber_service_pb2_grpc.SubscriberServiceStub(channel)
        self.subscription: Any = subscription_service_pb2_grpc.SubscriptionServiceStub(channel)
        self.topic: Any = topic_service_pb2_grpc.TopicServiceStub(channel)
        self.query: Any = query_service_pb2_grpc.QueryServiceStub(channel)
        self.broker: Any = broker_service_pb2_grpc.BrokerServiceStub(channel)
        self.feedback: Any = feedback_service_pb2_grpc.FeedbackServiceStub(channel)


def is_worth_a_retry(error: PubSubError) -> bool:
    """Whether a request that changes nothing when repeated should be sent again by itself."""
    return error.code == grpc.StatusCode.UNAVAILABLE.value[0]
