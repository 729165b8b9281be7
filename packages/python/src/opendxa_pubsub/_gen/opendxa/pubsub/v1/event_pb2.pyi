from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_HIGH: _ClassVar[Priority]
    PRIORITY_NORMAL: _ClassVar[Priority]
    PRIORITY_LOW: _ClassVar[Priority]
PRIORITY_UNSPECIFIED: Priority
PRIORITY_HIGH: Priority
PRIORITY_NORMAL: Priority
PRIORITY_LOW: Priority

class EventHead(_message.Message):
    __slots__ = ("id", "source", "type", "subject", "time_unix_ns", "correlation_id", "causation_id", "ordering_key", "expire_time_unix_ms", "body_length")
    ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSATION_ID_FIELD_NUMBER: _ClassVar[int]
    ORDERING_KEY_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    BODY_LENGTH_FIELD_NUMBER: _ClassVar[int]
    id: str
    source: str
    type: str
    subject: str
    time_unix_ns: int
    correlation_id: str
    causation_id: str
    ordering_key: str
    expire_time_unix_ms: int
    body_length: int
    def __init__(self, id: _Optional[str] = ..., source: _Optional[str] = ..., type: _Optional[str] = ..., subject: _Optional[str] = ..., time_unix_ns: _Optional[int] = ..., correlation_id: _Optional[str] = ..., causation_id: _Optional[str] = ..., ordering_key: _Optional[str] = ..., expire_time_unix_ms: _Optional[int] = ..., body_length: _Optional[int] = ...) -> None: ...

class EventHeads(_message.Message):
    __slots__ = ("heads",)
    HEADS_FIELD_NUMBER: _ClassVar[int]
    heads: _containers.RepeatedCompositeFieldContainer[EventHead]
    def __init__(self, heads: _Optional[_Iterable[_Union[EventHead, _Mapping]]] = ...) -> None: ...

class EventMetadata(_message.Message):
    __slots__ = ("version", "service", "environment")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    version: str
    service: str
    environment: str
    def __init__(self, version: _Optional[str] = ..., service: _Optional[str] = ..., environment: _Optional[str] = ...) -> None: ...

class EventBody(_message.Message):
    __slots__ = ("data", "data_content_type", "data_schema", "metadata", "attributes", "traceparent", "tracestate")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DATA_FIELD_NUMBER: _ClassVar[int]
    DATA_CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    DATA_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    TRACESTATE_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    data_content_type: str
    data_schema: str
    metadata: EventMetadata
    attributes: _containers.ScalarMap[str, str]
    traceparent: str
    tracestate: str
    def __init__(self, data: _Optional[bytes] = ..., data_content_type: _Optional[str] = ..., data_schema: _Optional[str] = ..., metadata: _Optional[_Union[EventMetadata, _Mapping]] = ..., attributes: _Optional[_Mapping[str, str]] = ..., traceparent: _Optional[str] = ..., tracestate: _Optional[str] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("topic", "partition", "offset", "append_time_unix_ms", "head", "body", "priority")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    APPEND_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    topic: str
    partition: int
    offset: int
    append_time_unix_ms: int
    head: EventHead
    body: EventBody
    priority: Priority
    def __init__(self, topic: _Optional[str] = ..., partition: _Optional[int] = ..., offset: _Optional[int] = ..., append_time_unix_ms: _Optional[int] = ..., head: _Optional[_Union[EventHead, _Mapping]] = ..., body: _Optional[_Union[EventBody, _Mapping]] = ..., priority: _Optional[_Union[Priority, str]] = ...) -> None: ...
