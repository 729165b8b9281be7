# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscriber_service_pb2

class SubscriberServiceStub:
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...
    Subscribe: grpc.StreamStreamMultiCallable[subscriber_service_pb2.SubscribeRequest, subscriber_service_pb2.SubscribeResponse]
    Consume: grpc.UnaryStreamMultiCallable[subscriber_service_pb2.ConsumeRequest, subscriber_service_pb2.ConsumeResponse]
    Settle: grpc.UnaryUnaryMultiCallable[subscriber_service_pb2.SettleRequest, subscriber_service_pb2.SettleResponse]

# Not a class at run time: what Stub is over an asyncio channel.
class SubscriberServiceAsyncStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    Subscribe: grpc.aio.StreamStreamMultiCallable[subscriber_service_pb2.SubscribeRequest, subscriber_service_pb2.SubscribeResponse]
    Consume: grpc.aio.UnaryStreamMultiCallable[subscriber_service_pb2.ConsumeRequest, subscriber_service_pb2.ConsumeResponse]
    Settle: grpc.aio.UnaryUnaryMultiCallable[subscriber_service_pb2.SettleRequest, subscriber_service_pb2.SettleResponse]

class SubscriberServiceServicer:
    def Subscribe(self, request: Any, context: Any) -> Any: ...
    def Consume(self, request: Any, context: Any) -> Any: ...
    def Settle(self, request: Any, context: Any) -> Any: ...

def add_SubscriberServiceServicer_to_server(
    servicer: SubscriberServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
