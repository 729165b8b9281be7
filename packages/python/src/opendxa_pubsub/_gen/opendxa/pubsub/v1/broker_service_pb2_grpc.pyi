# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._gen.opendxa.pubsub.v1 import broker_service_pb2

class BrokerServiceStub:
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...
    GetBroker: grpc.UnaryUnaryMultiCallable[broker_service_pb2.GetBrokerRequest, broker_service_pb2.GetBrokerResponse]
    ReadAudit: grpc.UnaryStreamMultiCallable[broker_service_pb2.ReadAuditRequest, broker_service_pb2.ReadAuditResponse]

# Not a class at run time: what Stub is over an asyncio channel.
class BrokerServiceAsyncStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    GetBroker: grpc.aio.UnaryUnaryMultiCallable[broker_service_pb2.GetBrokerRequest, broker_service_pb2.GetBrokerResponse]
    ReadAudit: grpc.aio.UnaryStreamMultiCallable[broker_service_pb2.ReadAuditRequest, broker_service_pb2.ReadAuditResponse]

class BrokerServiceServicer:
    def GetBroker(self, request: Any, context: Any) -> Any: ...
    def ReadAudit(self, request: Any, context: Any) -> Any: ...

def add_BrokerServiceServicer_to_server(
    servicer: BrokerServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
