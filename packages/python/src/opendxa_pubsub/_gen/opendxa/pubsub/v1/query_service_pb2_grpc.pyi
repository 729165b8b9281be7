# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._gen.opendxa.pubsub.v1 import query_service_pb2

class QueryServiceStub:
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...
    ReadEvents: grpc.UnaryStreamMultiCallable[query_service_pb2.ReadEventsRequest, query_service_pb2.ReadEventsResponse]
    GetEvent: grpc.UnaryUnaryMultiCallable[query_service_pb2.GetEventRequest, query_service_pb2.GetEventResponse]
    ListCorrelatedEvents: grpc.UnaryUnaryMultiCallable[query_service_pb2.ListCorrelatedEventsRequest, query_service_pb2.ListCorrelatedEventsResponse]
    ListEvents: grpc.UnaryUnaryMultiCallable[query_service_pb2.ListEventsRequest, query_service_pb2.ListEventsResponse]
    GetCausationTree: grpc.UnaryUnaryMultiCallable[query_service_pb2.GetCausationTreeRequest, query_service_pb2.GetCausationTreeResponse]
    Explain: grpc.UnaryUnaryMultiCallable[query_service_pb2.ExplainRequest, query_service_pb2.ExplainResponse]
    GetLag: grpc.UnaryUnaryMultiCallable[query_service_pb2.GetLagRequest, query_service_pb2.GetLagResponse]

# Not a class at run time: what Stub is over an asyncio channel.
class QueryServiceAsyncStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    ReadEvents: grpc.aio.UnaryStreamMultiCallable[query_service_pb2.ReadEventsRequest, query_service_pb2.ReadEventsResponse]
    GetEvent: grpc.aio.UnaryUnaryMultiCallable[query_service_pb2.GetEventRequest, query_service_pb2.GetEventResponse]
    ListCorrelatedEvents: grpc.aio.UnaryUnaryMultiCallable[query_service_pb2.ListCorrelatedEventsRequest, query_service_pb2.ListCorrelatedEventsResponse]
    ListEvents: grpc.aio.UnaryUnaryMultiCallable[query_service_pb2.ListEventsRequest, query_service_pb2.ListEventsResponse]
    GetCausationTree: grpc.aio.UnaryUnaryMultiCallable[query_service_pb2.GetCausationTreeRequest, query_service_pb2.GetCausationTreeResponse]
    Explain: grpc.aio.UnaryUnaryMultiCallable[query_service_pb2.ExplainRequest, query_service_pb2.ExplainResponse]
    GetLag: grpc.aio.UnaryUnaryMultiCallable[query_service_pb2.GetLagRequest, query_service_pb2.GetLagResponse]

class QueryServiceServicer:
    def ReadEvents(self, request: Any, context: Any) -> Any: ...
    def GetEvent(self, request: Any, context: Any) -> Any: ...
    def ListCorrelatedEvents(self, request: Any, context: Any) -> Any: ...
    def ListEvents(self, request: Any, context: Any) -> Any: ...
    def GetCausationTree(self, request: Any, context: Any) -> Any: ...
    def Explain(self, request: Any, context: Any) -> Any: ...
    def GetLag(self, request: Any, context: Any) -> Any: ...

def add_QueryServiceServicer_to_server(
    servicer: QueryServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
