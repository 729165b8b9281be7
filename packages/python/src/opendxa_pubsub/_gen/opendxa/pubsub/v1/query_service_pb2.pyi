from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2 as _batch_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import event_pb2 as _event_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeliveryState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELIVERY_STATE_UNSPECIFIED: _ClassVar[DeliveryState]
    DELIVERY_STATE_NOT_MATCHED: _ClassVar[DeliveryState]
    DELIVERY_STATE_NO_CONSUMER: _ClassVar[DeliveryState]
    DELIVERY_STATE_FILTERED: _ClassVar[DeliveryState]
    DELIVERY_STATE_BLOCKED: _ClassVar[DeliveryState]
    DELIVERY_STATE_LEASED: _ClassVar[DeliveryState]
    DELIVERY_STATE_RETRYING: _ClassVar[DeliveryState]
    DELIVERY_STATE_NOT_DUE: _ClassVar[DeliveryState]
    DELIVERY_STATE_DEAD_LETTERED: _ClassVar[DeliveryState]
    DELIVERY_STATE_ACKED: _ClassVar[DeliveryState]
    DELIVERY_STATE_EXPIRED: _ClassVar[DeliveryState]
    DELIVERY_STATE_SKIPPED: _ClassVar[DeliveryState]
    DELIVERY_STATE_WAITING: _ClassVar[DeliveryState]
DELIVERY_STATE_UNSPECIFIED: DeliveryState
DELIVERY_STATE_NOT_MATCHED: DeliveryState
DELIVERY_STATE_NO_CONSUMER: DeliveryState
DELIVERY_STATE_FILTERED: DeliveryState
DELIVERY_STATE_BLOCKED: DeliveryState
DELIVERY_STATE_LEASED: DeliveryState
DELIVERY_STATE_RETRYING: DeliveryState
DELIVERY_STATE_NOT_DUE: DeliveryState
DELIVERY_STATE_DEAD_LETTERED: DeliveryState
DELIVERY_STATE_ACKED: DeliveryState
DELIVERY_STATE_EXPIRED: DeliveryState
DELIVERY_STATE_SKIPPED: DeliveryState
DELIVERY_STATE_WAITING: DeliveryState

class ReadEventsRequest(_message.Message):
    __slots__ = ("namespace", "topic", "partition", "offset", "events_max", "follow")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    EVENTS_MAX_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    topic: str
    partition: int
    offset: int
    events_max: int
    follow: bool
    def __init__(self, namespace: _Optional[str] = ..., topic: _Optional[str] = ..., partition: _Optional[int] = ..., offset: _Optional[int] = ..., events_max: _Optional[int] = ..., follow: bool = ...) -> None: ...

class ReadEventsResponse(_message.Message):
    __slots__ = ("batches",)
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedCompositeFieldContainer[ReadBatch]
    def __init__(self, batches: _Optional[_Iterable[_Union[ReadBatch, _Mapping]]] = ...) -> None: ...

class ReadBatch(_message.Message):
    __slots__ = ("batch", "selected", "sequence", "first_index")
    BATCH_FIELD_NUMBER: _ClassVar[int]
    SELECTED_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    batch: _batch_pb2.RecordBatch
    selected: bytes
    sequence: int
    first_index: int
    def __init__(self, batch: _Optional[_Union[_batch_pb2.RecordBatch, _Mapping]] = ..., selected: _Optional[bytes] = ..., sequence: _Optional[int] = ..., first_index: _Optional[int] = ...) -> None: ...

class GetEventRequest(_message.Message):
    __slots__ = ("namespace", "topic", "source", "id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    topic: str
    source: str
    id: str
    def __init__(self, namespace: _Optional[str] = ..., topic: _Optional[str] = ..., source: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class GetEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _event_pb2.Event
    def __init__(self, event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ...) -> None: ...

class ListCorrelatedEventsRequest(_message.Message):
    __slots__ = ("namespace", "correlation_id", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    correlation_id: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., correlation_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCorrelatedEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListEventsRequest(_message.Message):
    __slots__ = ("namespace", "pattern", "from_time_unix_ms", "to_time_unix_ms", "filter", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    pattern: str
    from_time_unix_ms: int
    to_time_unix_ms: int
    filter: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., pattern: _Optional[str] = ..., from_time_unix_ms: _Optional[int] = ..., to_time_unix_ms: _Optional[int] = ..., filter: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetCausationTreeRequest(_message.Message):
    __slots__ = ("namespace", "id", "correlation_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    id: str
    correlation_id: str
    def __init__(self, namespace: _Optional[str] = ..., id: _Optional[str] = ..., correlation_id: _Optional[str] = ...) -> None: ...

class CausationNode(_message.Message):
    __slots__ = ("event", "effects")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    EFFECTS_FIELD_NUMBER: _ClassVar[int]
    event: _event_pb2.Event
    effects: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., effects: _Optional[_Iterable[str]] = ...) -> None: ...

class GetCausationTreeResponse(_message.Message):
    __slots__ = ("nodes", "truncated")
    NODES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[CausationNode]
    truncated: bool
    def __init__(self, nodes: _Optional[_Iterable[_Union[CausationNode, _Mapping]]] = ..., truncated: bool = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ("namespace", "subscription", "sequence", "index")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    sequence: int
    index: int
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ..., sequence: _Optional[int] = ..., index: _Optional[int] = ...) -> None: ...

class ExplainResponse(_message.Message):
    __slots__ = ("state", "explanation", "consumer", "ordering_key", "until_unix_ms", "attempts")
    STATE_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    ORDERING_KEY_FIELD_NUMBER: _ClassVar[int]
    UNTIL_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    state: DeliveryState
    explanation: str
    consumer: str
    ordering_key: str
    until_unix_ms: int
    attempts: int
    def __init__(self, state: _Optional[_Union[DeliveryState, str]] = ..., explanation: _Optional[str] = ..., consumer: _Optional[str] = ..., ordering_key: _Optional[str] = ..., until_unix_ms: _Optional[int] = ..., attempts: _Optional[int] = ...) -> None: ...

class GetLagRequest(_message.Message):
    __slots__ = ("namespace", "subscription")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ...) -> None: ...

class SubscriptionLag(_message.Message):
    __slots__ = ("subscription", "events", "oldest_ms")
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_MS_FIELD_NUMBER: _ClassVar[int]
    subscription: str
    events: int
    oldest_ms: int
    def __init__(self, subscription: _Optional[str] = ..., events: _Optional[int] = ..., oldest_ms: _Optional[int] = ...) -> None: ...

class GetLagResponse(_message.Message):
    __slots__ = ("lags",)
    LAGS_FIELD_NUMBER: _ClassVar[int]
    lags: _containers.RepeatedCompositeFieldContainer[SubscriptionLag]
    def __init__(self, lags: _Optional[_Iterable[_Union[SubscriptionLag, _Mapping]]] = ...) -> None: ...
