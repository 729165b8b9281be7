# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
from typing import Any

import grpc
import grpc.aio

from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2

class SubscriptionServiceStub:
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...
    CreateSubscription: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.CreateSubscriptionRequest, subscription_service_pb2.CreateSubscriptionResponse]
    GetSubscription: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.GetSubscriptionRequest, subscription_service_pb2.GetSubscriptionResponse]
    ListSubscriptions: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.ListSubscriptionsRequest, subscription_service_pb2.ListSubscriptionsResponse]
    UpdateSubscription: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.UpdateSubscriptionRequest, subscription_service_pb2.UpdateSubscriptionResponse]
    DeleteSubscription: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.DeleteSubscriptionRequest, subscription_service_pb2.DeleteSubscriptionResponse]
    PauseSubscription: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.PauseSubscriptionRequest, subscription_service_pb2.PauseSubscriptionResponse]
    ResumeSubscription: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.ResumeSubscriptionRequest, subscription_service_pb2.ResumeSubscriptionResponse]
    SeekSubscription: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.SeekSubscriptionRequest, subscription_service_pb2.SeekSubscriptionResponse]
    CreateSnapshot: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.CreateSnapshotRequest, subscription_service_pb2.CreateSnapshotResponse]
    ListSnapshots: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.ListSnapshotsRequest, subscription_service_pb2.ListSnapshotsResponse]
    DeleteSnapshot: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.DeleteSnapshotRequest, subscription_service_pb2.DeleteSnapshotResponse]
    GetAccounting: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.GetAccountingRequest, subscription_service_pb2.GetAccountingResponse]
    ListBlockedKeys: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.ListBlockedKeysRequest, subscription_service_pb2.ListBlockedKeysResponse]
    SkipEvents: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.SkipEventsRequest, subscription_service_pb2.SkipEventsResponse]
    ReleaseKey: grpc.UnaryUnaryMultiCallable[subscription_service_pb2.ReleaseKeyRequest, subscription_service_pb2.ReleaseKeyResponse]
    Redrive: grpc.UnaryStreamMultiCallable[subscription_service_pb2.RedriveRequest, subscription_service_pb2.RedriveResponse]

# Not a class at run time: what Stub is over an asyncio channel.
class SubscriptionServiceAsyncStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    CreateSubscription: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.CreateSubscriptionRequest, subscription_service_pb2.CreateSubscriptionResponse]
    GetSubscription: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.GetSubscriptionRequest, subscription_service_pb2.GetSubscriptionResponse]
    ListSubscriptions: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.ListSubscriptionsRequest, subscription_service_pb2.ListSubscriptionsResponse]
    UpdateSubscription: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.UpdateSubscriptionRequest, subscription_service_pb2.UpdateSubscriptionResponse]
    DeleteSubscription: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.DeleteSubscriptionRequest, subscription_service_pb2.DeleteSubscriptionResponse]
    PauseSubscription: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.PauseSubscriptionRequest, subscription_service_pb2.PauseSubscriptionResponse]
    ResumeSubscription: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.ResumeSubscriptionRequest, subscription_service_pb2.ResumeSubscriptionResponse]
    SeekSubscription: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.SeekSubscriptionRequest, subscription_service_pb2.SeekSubscriptionResponse]
    CreateSnapshot: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.CreateSnapshotRequest, subscription_service_pb2.CreateSnapshotResponse]
    ListSnapshots: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.ListSnapshotsRequest, subscription_service_pb2.ListSnapshotsResponse]
    DeleteSnapshot: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.DeleteSnapshotRequest, subscription_service_pb2.DeleteSnapshotResponse]
    GetAccounting: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.GetAccountingRequest, subscription_service_pb2.GetAccountingResponse]
    ListBlockedKeys: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.ListBlockedKeysRequest, subscription_service_pb2.ListBlockedKeysResponse]
    SkipEvents: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.SkipEventsRequest, subscription_service_pb2.SkipEventsResponse]
    ReleaseKey: grpc.aio.UnaryUnaryMultiCallable[subscription_service_pb2.ReleaseKeyRequest, subscription_service_pb2.ReleaseKeyResponse]
    Redrive: grpc.aio.UnaryStreamMultiCallable[subscription_service_pb2.RedriveRequest, subscription_service_pb2.RedriveResponse]

class SubscriptionServiceServicer:
    def CreateSubscription(self, request: Any, context: Any) -> Any: ...
    def GetSubscription(self, request: Any, context: Any) -> Any: ...
    def ListSubscriptions(self, request: Any, context: Any) -> Any: ...
    def UpdateSubscription(self, request: Any, context: Any) -> Any: ...
    def DeleteSubscription(self, request: Any, context: Any) -> Any: ...
    def PauseSubscription(self, request: Any, context: Any) -> Any: ...
    def ResumeSubscription(self, request: Any, context: Any) -> Any: ...
    def SeekSubscription(self, request: Any, context: Any) -> Any: ...
    def CreateSnapshot(self, request: Any, context: Any) -> Any: ...
    def ListSnapshots(self, request: Any, context: Any) -> Any: ...
    def DeleteSnapshot(self, request: Any, context: Any) -> Any: ...
    def GetAccounting(self, request: Any, context: Any) -> Any: ...
    def ListBlockedKeys(self, request: Any, context: Any) -> Any: ...
    def SkipEvents(self, request: Any, context: Any) -> Any: ...
    def ReleaseKey(self, request: Any, context: Any) -> Any: ...
    def Redrive(self, request: Any, context: Any) -> Any: ...

def add_SubscriptionServiceServicer_to_server(
    servicer: SubscriptionServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
