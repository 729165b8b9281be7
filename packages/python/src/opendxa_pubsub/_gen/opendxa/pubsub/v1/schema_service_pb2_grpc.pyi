# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._gen.opendxa.pubsub.v1 import schema_service_pb2

class SchemaServiceStub:
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...
    RegisterSchema: grpc.UnaryUnaryMultiCallable[schema_service_pb2.RegisterSchemaRequest, schema_service_pb2.RegisterSchemaResponse]
    GetSchema: grpc.UnaryUnaryMultiCallable[schema_service_pb2.GetSchemaRequest, schema_service_pb2.GetSchemaResponse]
    ListSchemas: grpc.UnaryUnaryMultiCallable[schema_service_pb2.ListSchemasRequest, schema_service_pb2.ListSchemasResponse]
    CheckSchema: grpc.UnaryUnaryMultiCallable[schema_service_pb2.CheckSchemaRequest, schema_service_pb2.CheckSchemaResponse]
    DeleteSchema: grpc.UnaryUnaryMultiCallable[schema_service_pb2.DeleteSchemaRequest, schema_service_pb2.DeleteSchemaResponse]

# Not a class at run time: what Stub is over an asyncio channel.
class SchemaServiceAsyncStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    RegisterSchema: grpc.aio.UnaryUnaryMultiCallable[schema_service_pb2.RegisterSchemaRequest, schema_service_pb2.RegisterSchemaResponse]
    GetSchema: grpc.aio.UnaryUnaryMultiCallable[schema_service_pb2.GetSchemaRequest, schema_service_pb2.GetSchemaResponse]
    ListSchemas: grpc.aio.UnaryUnaryMultiCallable[schema_service_pb2.ListSchemasRequest, schema_service_pb2.ListSchemasResponse]
    CheckSchema: grpc.aio.UnaryUnaryMultiCallable[schema_service_pb2.CheckSchemaRequest, schema_service_pb2.CheckSchemaResponse]
    DeleteSchema: grpc.aio.UnaryUnaryMultiCallable[schema_service_pb2.DeleteSchemaRequest, schema_service_pb2.DeleteSchemaResponse]

class SchemaServiceServicer:
    def RegisterSchema(self, request: Any, context: Any) -> Any: ...
    def GetSchema(self, request: Any, context: Any) -> Any: ...
    def ListSchemas(self, request: Any, context: Any) -> Any: ...
    def CheckSchema(self, request: Any, context: Any) -> Any: ...
    def DeleteSchema(self, request: Any, context: Any) -> Any: ...

def add_SchemaServiceServicer_to_server(
    servicer: SchemaServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
