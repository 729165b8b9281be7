from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2 as _batch_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import errors_pb2 as _errors_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Durability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DURABILITY_UNSPECIFIED: _ClassVar[Durability]
    DURABILITY_FSYNC: _ClassVar[Durability]
    DURABILITY_OS: _ClassVar[Durability]
DURABILITY_UNSPECIFIED: Durability
DURABILITY_FSYNC: Durability
DURABILITY_OS: Durability

class PublishFrame(_message.Message):
    __slots__ = ("number", "batches", "atomic")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    ATOMIC_FIELD_NUMBER: _ClassVar[int]
    number: int
    batches: _containers.RepeatedCompositeFieldContainer[_batch_pb2.RecordBatch]
    atomic: bool
    def __init__(self, number: _Optional[int] = ..., batches: _Optional[_Iterable[_Union[_batch_pb2.RecordBatch, _Mapping]]] = ..., atomic: bool = ...) -> None: ...

class EventRefusal(_message.Message):
    __slots__ = ("index", "reason", "field", "rule")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    index: int
    reason: _errors_pb2.ErrorReason
    field: str
    rule: str
    def __init__(self, index: _Optional[int] = ..., reason: _Optional[_Union[_errors_pb2.ErrorReason, str]] = ..., field: _Optional[str] = ..., rule: _Optional[str] = ...) -> None: ...

class BatchRefusal(_message.Message):
    __slots__ = ("reason", "message", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    reason: _errors_pb2.ErrorReason
    message: str
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, reason: _Optional[_Union[_errors_pb2.ErrorReason, str]] = ..., message: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class BatchResult(_message.Message):
    __slots__ = ("base_offset", "refused", "duplicates", "duplicate_offsets", "refusals", "refusal", "scheduled", "durability")
    BASE_OFFSET_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    DUPLICATES_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_OFFSETS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    base_offset: int
    refused: bytes
    duplicates: bytes
    duplicate_offsets: _containers.RepeatedScalarFieldContainer[int]
    refusals: _containers.RepeatedCompositeFieldContainer[EventRefusal]
    refusal: BatchRefusal
    scheduled: bool
    durability: Durability
    def __init__(self, base_offset: _Optional[int] = ..., refused: _Optional[bytes] = ..., duplicates: _Optional[bytes] = ..., duplicate_offsets: _Optional[_Iterable[int]] = ..., refusals: _Optional[_Iterable[_Union[EventRefusal, _Mapping]]] = ..., refusal: _Optional[_Union[BatchRefusal, _Mapping]] = ..., scheduled: bool = ..., durability: _Optional[_Union[Durability, str]] = ...) -> None: ...

class PublishRequest(_message.Message):
    __slots__ = ("namespace", "frame")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    frame: PublishFrame
    def __init__(self, namespace: _Optional[str] = ..., frame: _Optional[_Union[PublishFrame, _Mapping]] = ...) -> None: ...

class PublishResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchResult]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchResult, _Mapping]]] = ...) -> None: ...

class PublishOpen(_message.Message):
    __slots__ = ("namespace", "producer_id", "client_name", "heartbeat_ms")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_NAME_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    producer_id: bytes
    client_name: str
    heartbeat_ms: int
    def __init__(self, namespace: _Optional[str] = ..., producer_id: _Optional[bytes] = ..., client_name: _Optional[str] = ..., heartbeat_ms: _Optional[int] = ...) -> None: ...

class PublishOpened(_message.Message):
    __slots__ = ("producer_epoch", "credit_bytes", "heartbeat_ms", "frames_in_flight_max")
    PRODUCER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    CREDIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    FRAMES_IN_FLIGHT_MAX_FIELD_NUMBER: _ClassVar[int]
    producer_epoch: int
    credit_bytes: int
    heartbeat_ms: int
    frames_in_flight_max: int
    def __init__(self, producer_epoch: _Optional[int] = ..., credit_bytes: _Optional[int] = ..., heartbeat_ms: _Optional[int] = ..., frames_in_flight_max: _Optional[int] = ...) -> None: ...

class PublishStreamRequest(_message.Message):
    __slots__ = ("open", "frame", "heartbeat")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    open: PublishOpen
    frame: PublishFrame
    heartbeat: Heartbeat
    def __init__(self, open: _Optional[_Union[PublishOpen, _Mapping]] = ..., frame: _Optional[_Union[PublishFrame, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ...) -> None: ...

class PublishAck(_message.Message):
    __slots__ = ("through_frame", "results", "credit_bytes")
    THROUGH_FRAME_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    CREDIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    through_frame: int
    results: _containers.RepeatedCompositeFieldContainer[BatchResult]
    credit_bytes: int
    def __init__(self, through_frame: _Optional[int] = ..., results: _Optional[_Iterable[_Union[BatchResult, _Mapping]]] = ..., credit_bytes: _Optional[int] = ...) -> None: ...

class PublishStreamResponse(_message.Message):
    __slots__ = ("opened", "ack", "heartbeat")
    OPENED_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    opened: PublishOpened
    ack: PublishAck
    heartbeat: Heartbeat
    def __init__(self, opened: _Optional[_Union[PublishOpened, _Mapping]] = ..., ack: _Optional[_Union[PublishAck, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("time_unix_ms",)
    TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    time_unix_ms: int
    def __init__(self, time_unix_ms: _Optional[int] = ...) -> None: ...

class PositionRanges(_message.Message):
    __slots__ = ("lease", "sequence", "ranges")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    lease: int
    sequence: int
    ranges: _containers.RepeatedCompositeFieldContainer[IndexRange]
    def __init__(self, lease: _Optional[int] = ..., sequence: _Optional[int] = ..., ranges: _Optional[_Iterable[_Union[IndexRange, _Mapping]]] = ...) -> None: ...

class IndexRange(_message.Message):
    __slots__ = ("first", "last")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    first: int
    last: int
    def __init__(self, first: _Optional[int] = ..., last: _Optional[int] = ...) -> None: ...

class AckAndPublishRequest(_message.Message):
    __slots__ = ("namespace", "subscription", "acks", "frame")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ACKS_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    acks: _containers.RepeatedCompositeFieldContainer[PositionRanges]
    frame: PublishFrame
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ..., acks: _Optional[_Iterable[_Union[PositionRanges, _Mapping]]] = ..., frame: _Optional[_Union[PublishFrame, _Mapping]] = ...) -> None: ...

class AckAndPublishResponse(_message.Message):
    __slots__ = ("stale", "results")
    STALE_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    stale: bool
    results: _containers.RepeatedCompositeFieldContainer[BatchResult]
    def __init__(self, stale: bool = ..., results: _Optional[_Iterable[_Union[BatchResult, _Mapping]]] = ...) -> None: ...

class CancelScheduledEventRequest(_message.Message):
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

class CancelScheduledEventResponse(_message.Message):
    __slots__ = ("cancelled",)
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    cancelled: bool
    def __init__(self, cancelled: bool = ...) -> None: ...
