# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._gen.opendxa.pubsub.testing.v1 import virtual_clock_service_pb2

class VirtualClockServiceStub:
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...
    Advance: grpc.UnaryUnaryMultiCallable[virtual_clock_service_pb2.AdvanceRequest, virtual_clock_service_pb2.AdvanceResponse]
    GetTime: grpc.UnaryUnaryMultiCallable[virtual_clock_service_pb2.GetTimeRequest, virtual_clock_service_pb2.GetTimeResponse]

# Not a class at run time: what Stub is over an asyncio channel.
class VirtualClockServiceAsyncStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    Advance: grpc.aio.UnaryUnaryMultiCallable[virtual_clock_service_pb2.AdvanceRequest, virtual_clock_service_pb2.AdvanceResponse]
    GetTime: grpc.aio.UnaryUnaryMultiCallable[virtual_clock_service_pb2.GetTimeRequest, virtual_clock_service_pb2.GetTimeResponse]

class VirtualClockServiceServicer:
    def Advance(self, request: Any, context: Any) -> Any: ...
    def GetTime(self, request: Any, context: Any) -> Any: ...

def add_VirtualClockServiceServicer_to_server(
    servicer: VirtualClockServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
