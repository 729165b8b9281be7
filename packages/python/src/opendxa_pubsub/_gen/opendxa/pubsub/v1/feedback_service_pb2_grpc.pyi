# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._gen.opendxa.pubsub.v1 import feedback_service_pb2

class FeedbackServiceStub:
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...
    RegisterExecution: grpc.UnaryUnaryMultiCallable[feedback_service_pb2.RegisterExecutionRequest, feedback_service_pb2.RegisterExecutionResponse]
    GetExecution: grpc.UnaryUnaryMultiCallable[feedback_service_pb2.GetExecutionRequest, feedback_service_pb2.GetExecutionResponse]
    ListExecutions: grpc.UnaryUnaryMultiCallable[feedback_service_pb2.ListExecutionsRequest, feedback_service_pb2.ListExecutionsResponse]
    SubmitFeedback: grpc.UnaryUnaryMultiCallable[feedback_service_pb2.SubmitFeedbackRequest, feedback_service_pb2.SubmitFeedbackResponse]
    AwaitFeedback: grpc.UnaryStreamMultiCallable[feedback_service_pb2.AwaitFeedbackRequest, feedback_service_pb2.AwaitFeedbackResponse]
    GetWait: grpc.UnaryUnaryMultiCallable[feedback_service_pb2.GetWaitRequest, feedback_service_pb2.GetWaitResponse]
    CancelWait: grpc.UnaryUnaryMultiCallable[feedback_service_pb2.CancelWaitRequest, feedback_service_pb2.CancelWaitResponse]
    ListPendingFeedback: grpc.UnaryUnaryMultiCallable[feedback_service_pb2.ListPendingFeedbackRequest, feedback_service_pb2.ListPendingFeedbackResponse]
    RematchFeedback: grpc.UnaryUnaryMultiCallable[feedback_service_pb2.RematchFeedbackRequest, feedback_service_pb2.RematchFeedbackResponse]
    GetFeedbackStatistics: grpc.UnaryUnaryMultiCallable[feedback_service_pb2.GetFeedbackStatisticsRequest, feedback_service_pb2.GetFeedbackStatisticsResponse]

# Not a class at run time: what Stub is over an asyncio channel.
class FeedbackServiceAsyncStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    RegisterExecution: grpc.aio.UnaryUnaryMultiCallable[feedback_service_pb2.RegisterExecutionRequest, feedback_service_pb2.RegisterExecutionResponse]
    GetExecution: grpc.aio.UnaryUnaryMultiCallable[feedback_service_pb2.GetExecutionRequest, feedback_service_pb2.GetExecutionResponse]
    ListExecutions: grpc.aio.UnaryUnaryMultiCallable[feedback_service_pb2.ListExecutionsRequest, feedback_service_pb2.ListExecutionsResponse]
    SubmitFeedback: grpc.aio.UnaryUnaryMultiCallable[feedback_service_pb2.SubmitFeedbackRequest, feedback_service_pb2.SubmitFeedbackResponse]
    AwaitFeedback: grpc.aio.UnaryStreamMultiCallable[feedback_service_pb2.AwaitFeedbackRequest, feedback_service_pb2.AwaitFeedbackResponse]
    GetWait: grpc.aio.UnaryUnaryMultiCallable[feedback_service_pb2.GetWaitRequest, feedback_service_pb2.GetWaitResponse]
    CancelWait: grpc.aio.UnaryUnaryMultiCallable[feedback_service_pb2.CancelWaitRequest, feedback_service_pb2.CancelWaitResponse]
    ListPendingFeedback: grpc.aio.UnaryUnaryMultiCallable[feedback_service_pb2.ListPendingFeedbackRequest, feedback_service_pb2.ListPendingFeedbackResponse]
    RematchFeedback: grpc.aio.UnaryUnaryMultiCallable[feedback_service_pb2.RematchFeedbackRequest, feedback_service_pb2.RematchFeedbackResponse]
    GetFeedbackStatistics: grpc.aio.UnaryUnaryMultiCallable[feedback_service_pb2.GetFeedbackStatisticsRequest, feedback_service_pb2.GetFeedbackStatisticsResponse]

class FeedbackServiceServicer:
    def RegisterExecution(self, request: Any, context: Any) -> Any: ...
    def GetExecution(self, request: Any, context: Any) -> Any: ...
    def ListExecutions(self, request: Any, context: Any) -> Any: ...
    def SubmitFeedback(self, request: Any, context: Any) -> Any: ...
    def AwaitFeedback(self, request: Any, context: Any) -> Any: ...
    def GetWait(self, request: Any, context: Any) -> Any: ...
    def CancelWait(self, request: Any, context: Any) -> Any: ...
    def ListPendingFeedback(self, request: Any, context: Any) -> Any: ...
    def RematchFeedback(self, request: Any, context: Any) -> Any: ...
    def GetFeedbackStatistics(self, request: Any, context: Any) -> Any: ...

def add_FeedbackServiceServicer_to_server(
    servicer: FeedbackServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
