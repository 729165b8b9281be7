# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._gen.opendxa.pubsub.v1 import topic_service_pb2

class TopicServiceStub:
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...
    CreateTopic: grpc.UnaryUnaryMultiCallable[topic_service_pb2.CreateTopicRequest, topic_service_pb2.CreateTopicResponse]
    GetTopic: grpc.UnaryUnaryMultiCallable[topic_service_pb2.GetTopicRequest, topic_service_pb2.GetTopicResponse]
    ListTopics: grpc.UnaryUnaryMultiCallable[topic_service_pb2.ListTopicsRequest, topic_service_pb2.ListTopicsResponse]
    UpdateTopic: grpc.UnaryUnaryMultiCallable[topic_service_pb2.UpdateTopicRequest, topic_service_pb2.UpdateTopicResponse]
    DeleteTopic: grpc.UnaryUnaryMultiCallable[topic_service_pb2.DeleteTopicRequest, topic_service_pb2.DeleteTopicResponse]

# Not a class at run time: what Stub is over an asyncio channel.
class TopicServiceAsyncStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    CreateTopic: grpc.aio.UnaryUnaryMultiCallable[topic_service_pb2.CreateTopicRequest, topic_service_pb2.CreateTopicResponse]
    GetTopic: grpc.aio.UnaryUnaryMultiCallable[topic_service_pb2.GetTopicRequest, topic_service_pb2.GetTopicResponse]
    ListTopics: grpc.aio.UnaryUnaryMultiCallable[topic_service_pb2.ListTopicsRequest, topic_service_pb2.ListTopicsResponse]
    UpdateTopic: grpc.aio.UnaryUnaryMultiCallable[topic_service_pb2.UpdateTopicRequest, topic_service_pb2.UpdateTopicResponse]
    DeleteTopic: grpc.aio.UnaryUnaryMultiCallable[topic_service_pb2.DeleteTopicRequest, topic_service_pb2.DeleteTopicResponse]

class TopicServiceServicer:
    def CreateTopic(self, request: Any, context: Any) -> Any: ...
    def GetTopic(self, request: Any, context: Any) -> Any: ...
    def ListTopics(self, request: Any, context: Any) -> Any: ...
    def UpdateTopic(self, request: Any, context: Any) -> Any: ...
    def DeleteTopic(self, request: Any, context: Any) -> Any: ...

def add_TopicServiceServicer_to_server(
    servicer: TopicServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
