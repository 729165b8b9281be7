from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2 as _batch_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import options_pb2 as _options_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2 as _publisher_service_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2 as _subscription_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_STALE: _ClassVar[Verdict]
    VERDICT_UNKNOWN: _ClassVar[Verdict]

class SettlementKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SETTLEMENT_KIND_UNSPECIFIED: _ClassVar[SettlementKind]
    SETTLEMENT_KIND_ACK: _ClassVar[SettlementKind]
    SETTLEMENT_KIND_NACK: _ClassVar[SettlementKind]
    SETTLEMENT_KIND_EXTENSION: _ClassVar[SettlementKind]

class NoticeReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTICE_REASON_UNSPECIFIED: _ClassVar[NoticeReason]
    NOTICE_REASON_TOO_MANY_EXCEPTIONS: _ClassVar[NoticeReason]
    NOTICE_REASON_PAUSED: _ClassVar[NoticeReason]
    NOTICE_REASON_TOO_MANY_BLOCKED_KEYS: _ClassVar[NoticeReason]
VERDICT_UNSPECIFIED: Verdict
VERDICT_STALE: Verdict
VERDICT_UNKNOWN: Verdict
SETTLEMENT_KIND_UNSPECIFIED: SettlementKind
SETTLEMENT_KIND_ACK: SettlementKind
SETTLEMENT_KIND_NACK: SettlementKind
SETTLEMENT_KIND_EXTENSION: SettlementKind
NOTICE_REASON_UNSPECIFIED: NoticeReason
NOTICE_REASON_TOO_MANY_EXCEPTIONS: NoticeReason
NOTICE_REASON_PAUSED: NoticeReason
NOTICE_REASON_TOO_MANY_BLOCKED_KEYS: NoticeReason

class SubscribeOpen(_message.Message):
    __slots__ = ("namespace", "subscription", "settings", "consumer_name", "credit", "heartbeat_ms")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_NAME_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    settings: _subscription_service_pb2.SubscriptionSettings
    consumer_name: str
    credit: Credit
    heartbeat_ms: int
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ..., settings: _Optional[_Union[_subscription_service_pb2.SubscriptionSettings, _Mapping]] = ..., consumer_name: _Optional[str] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., heartbeat_ms: _Optional[int] = ...) -> None: ...

class SubscribeOpened(_message.Message):
    __slots__ = ("subscription", "consumer_id", "heartbeat_ms")
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_ID_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    subscription: _subscription_service_pb2.Subscription
    consumer_id: int
    heartbeat_ms: int
    def __init__(self, subscription: _Optional[_Union[_subscription_service_pb2.Subscription, _Mapping]] = ..., consumer_id: _Optional[int] = ..., heartbeat_ms: _Optional[int] = ...) -> None: ...

class Credit(_message.Message):
    __slots__ = ("bytes", "events")
    BYTES_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    events: int
    def __init__(self, bytes: _Optional[int] = ..., events: _Optional[int] = ...) -> None: ...

class Nack(_message.Message):
    __slots__ = ("events", "delay_ms", "reason")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    events: _publisher_service_pb2.PositionRanges
    delay_ms: int
    reason: str
    def __init__(self, events: _Optional[_Union[_publisher_service_pb2.PositionRanges, _Mapping]] = ..., delay_ms: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Extension(_message.Message):
    __slots__ = ("events", "deadline_ms")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    events: _publisher_service_pb2.PositionRanges
    deadline_ms: int
    def __init__(self, events: _Optional[_Union[_publisher_service_pb2.PositionRanges, _Mapping]] = ..., deadline_ms: _Optional[int] = ...) -> None: ...

class Settlement(_message.Message):
    __slots__ = ("number", "acks", "nacks", "extensions")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ACKS_FIELD_NUMBER: _ClassVar[int]
    NACKS_FIELD_NUMBER: _ClassVar[int]
    EXTENSIONS_FIELD_NUMBER: _ClassVar[int]
    number: int
    acks: _containers.RepeatedCompositeFieldContainer[_publisher_service_pb2.PositionRanges]
    nacks: _containers.RepeatedCompositeFieldContainer[Nack]
    extensions: _containers.RepeatedCompositeFieldContainer[Extension]
    def __init__(self, number: _Optional[int] = ..., acks: _Optional[_Iterable[_Union[_publisher_service_pb2.PositionRanges, _Mapping]]] = ..., nacks: _Optional[_Iterable[_Union[Nack, _Mapping]]] = ..., extensions: _Optional[_Iterable[_Union[Extension, _Mapping]]] = ...) -> None: ...

class SubscribeRequest(_message.Message):
    __slots__ = ("open", "credit", "settlement", "heartbeat")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    SETTLEMENT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    open: SubscribeOpen
    credit: Credit
    settlement: Settlement
    heartbeat: _publisher_service_pb2.Heartbeat
    def __init__(self, open: _Optional[_Union[SubscribeOpen, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., settlement: _Optional[_Union[Settlement, _Mapping]] = ..., heartbeat: _Optional[_Union[_publisher_service_pb2.Heartbeat, _Mapping]] = ...) -> None: ...

class DeliveredBatch(_message.Message):
    __slots__ = ("lease", "sequence", "first_index", "batch", "selected", "attempt", "lease_end_unix_ms")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    SELECTED_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    LEASE_END_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    lease: int
    sequence: int
    first_index: int
    batch: _batch_pb2.RecordBatch
    selected: bytes
    attempt: int
    lease_end_unix_ms: int
    def __init__(self, lease: _Optional[int] = ..., sequence: _Optional[int] = ..., first_index: _Optional[int] = ..., batch: _Optional[_Union[_batch_pb2.RecordBatch, _Mapping]] = ..., selected: _Optional[bytes] = ..., attempt: _Optional[int] = ..., lease_end_unix_ms: _Optional[int] = ...) -> None: ...

class Delivery(_message.Message):
    __slots__ = ("batches",)
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedCompositeFieldContainer[DeliveredBatch]
    def __init__(self, batches: _Optional[_Iterable[_Union[DeliveredBatch, _Mapping]]] = ...) -> None: ...

class SettlementException(_message.Message):
    __slots__ = ("events", "verdict", "number", "kind")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    events: _publisher_service_pb2.PositionRanges
    verdict: Verdict
    number: int
    kind: SettlementKind
    def __init__(self, events: _Optional[_Union[_publisher_service_pb2.PositionRanges, _Mapping]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., number: _Optional[int] = ..., kind: _Optional[_Union[SettlementKind, str]] = ...) -> None: ...

class Verdicts(_message.Message):
    __slots__ = ("through_number", "exceptions")
    THROUGH_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXCEPTIONS_FIELD_NUMBER: _ClassVar[int]
    through_number: int
    exceptions: _containers.RepeatedCompositeFieldContainer[SettlementException]
    def __init__(self, through_number: _Optional[int] = ..., exceptions: _Optional[_Iterable[_Union[SettlementException, _Mapping]]] = ...) -> None: ...

class SubscribeResponse(_message.Message):
    __slots__ = ("opened", "delivery", "verdicts", "heartbeat", "notice")
    OPENED_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    opened: SubscribeOpened
    delivery: Delivery
    verdicts: Verdicts
    heartbeat: _publisher_service_pb2.Heartbeat
    notice: Notice
    def __init__(self, opened: _Optional[_Union[SubscribeOpened, _Mapping]] = ..., delivery: _Optional[_Union[Delivery, _Mapping]] = ..., verdicts: _Optional[_Union[Verdicts, _Mapping]] = ..., heartbeat: _Optional[_Union[_publisher_service_pb2.Heartbeat, _Mapping]] = ..., notice: _Optional[_Union[Notice, _Mapping]] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("reason", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: NoticeReason
    message: str
    def __init__(self, reason: _Optional[_Union[NoticeReason, str]] = ..., message: _Optional[str] = ...) -> None: ...

class ConsumeRequest(_message.Message):
    __slots__ = ("open", "deliveries_max", "wait_ms")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_MAX_FIELD_NUMBER: _ClassVar[int]
    WAIT_MS_FIELD_NUMBER: _ClassVar[int]
    open: SubscribeOpen
    deliveries_max: int
    wait_ms: int
    def __init__(self, open: _Optional[_Union[SubscribeOpen, _Mapping]] = ..., deliveries_max: _Optional[int] = ..., wait_ms: _Optional[int] = ...) -> None: ...

class ConsumeResponse(_message.Message):
    __slots__ = ("opened", "delivery", "heartbeat")
    OPENED_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    opened: SubscribeOpened
    delivery: Delivery
    heartbeat: _publisher_service_pb2.Heartbeat
    def __init__(self, opened: _Optional[_Union[SubscribeOpened, _Mapping]] = ..., delivery: _Optional[_Union[Delivery, _Mapping]] = ..., heartbeat: _Optional[_Union[_publisher_service_pb2.Heartbeat, _Mapping]] = ...) -> None: ...

class SettleRequest(_message.Message):
    __slots__ = ("namespace", "subscription", "settlement")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SETTLEMENT_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    settlement: Settlement
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ..., settlement: _Optional[_Union[Settlement, _Mapping]] = ...) -> None: ...

class SettleResponse(_message.Message):
    __slots__ = ("exceptions",)
    EXCEPTIONS_FIELD_NUMBER: _ClassVar[int]
    exceptions: _containers.RepeatedCompositeFieldContainer[SettlementException]
    def __init__(self, exceptions: _Optional[_Iterable[_Union[SettlementException, _Mapping]]] = ...) -> None: ...
