# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2

class PublisherServiceStub:
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...
    Publish: grpc.UnaryUnaryMultiCallable[publisher_service_pb2.PublishRequest, publisher_service_pb2.PublishResponse]
    PublishStream: grpc.StreamStreamMultiCallable[publisher_service_pb2.PublishStreamRequest, publisher_service_pb2.PublishStreamResponse]
    AckAndPublish: grpc.UnaryUnaryMultiCallable[publisher_service_pb2.AckAndPublishRequest, publisher_service_pb2.AckAndPublishResponse]
    CancelScheduledEvent: grpc.UnaryUnaryMultiCallable[publisher_service_pb2.CancelScheduledEventRequest, publisher_service_pb2.CancelScheduledEventResponse]

# Not a class at run time: what Stub is over an asyncio channel.
class PublisherServiceAsyncStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    Publish: grpc.aio.UnaryUnaryMultiCallable[publisher_service_pb2.PublishRequest, publisher_service_pb2.PublishResponse]
    PublishStream: grpc.aio.StreamStreamMultiCallable[publisher_service_pb2.PublishStreamRequest, publisher_service_pb2.PublishStreamResponse]
    AckAndPublish: grpc.aio.UnaryUnaryMultiCallable[publisher_service_pb2.AckAndPublishRequest, publisher_service_pb2.AckAndPublishResponse]
    CancelScheduledEvent: grpc.aio.UnaryUnaryMultiCallable[publisher_service_pb2.CancelScheduledEventRequest, publisher_service_pb2.CancelScheduledEventResponse]

class PublisherServiceServicer:
    def Publish(self, request: Any, context: Any) -> Any: ...
    def PublishStream(self, request: Any, context: Any) -> Any: ...
    def AckAndPublish(self, request: Any, context: Any) -> Any: ...
    def CancelScheduledEvent(self, request: Any, context: Any) -> Any: ...

def add_PublisherServiceServicer_to_server(
    servicer: PublisherServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
