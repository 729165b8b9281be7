from opendxa_pubsub._gen.opendxa.pubsub.v1 import options_pb2 as _options_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2 as _publisher_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TopicIndex(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOPIC_INDEX_UNSPECIFIED: _ClassVar[TopicIndex]
    TOPIC_INDEX_NONE: _ClassVar[TopicIndex]
    TOPIC_INDEX_ID: _ClassVar[TopicIndex]
    TOPIC_INDEX_ID_AND_CORRELATION: _ClassVar[TopicIndex]
TOPIC_INDEX_UNSPECIFIED: TopicIndex
TOPIC_INDEX_NONE: TopicIndex
TOPIC_INDEX_ID: TopicIndex
TOPIC_INDEX_ID_AND_CORRELATION: TopicIndex

class DedupSettings(_message.Message):
    __slots__ = ("window_ms", "ids_max")
    WINDOW_MS_FIELD_NUMBER: _ClassVar[int]
    IDS_MAX_FIELD_NUMBER: _ClassVar[int]
    window_ms: int
    ids_max: int
    def __init__(self, window_ms: _Optional[int] = ..., ids_max: _Optional[int] = ...) -> None: ...

class TopicSettings(_message.Message):
    __slots__ = ("partitions", "durability", "index", "dedup", "retention_ms", "retention_bytes")
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    DEDUP_FIELD_NUMBER: _ClassVar[int]
    RETENTION_MS_FIELD_NUMBER: _ClassVar[int]
    RETENTION_BYTES_FIELD_NUMBER: _ClassVar[int]
    partitions: int
    durability: _publisher_service_pb2.Durability
    index: TopicIndex
    dedup: DedupSettings
    retention_ms: int
    retention_bytes: int
    def __init__(self, partitions: _Optional[int] = ..., durability: _Optional[_Union[_publisher_service_pb2.Durability, str]] = ..., index: _Optional[_Union[TopicIndex, str]] = ..., dedup: _Optional[_Union[DedupSettings, _Mapping]] = ..., retention_ms: _Optional[int] = ..., retention_bytes: _Optional[int] = ...) -> None: ...

class PartitionBounds(_message.Message):
    __slots__ = ("partition", "first_offset", "next_offset")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    FIRST_OFFSET_FIELD_NUMBER: _ClassVar[int]
    NEXT_OFFSET_FIELD_NUMBER: _ClassVar[int]
    partition: int
    first_offset: int
    next_offset: int
    def __init__(self, partition: _Optional[int] = ..., first_offset: _Optional[int] = ..., next_offset: _Optional[int] = ...) -> None: ...

class Topic(_message.Message):
    __slots__ = ("name", "settings", "create_time_unix_ms", "partitions")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    name: str
    settings: TopicSettings
    create_time_unix_ms: int
    partitions: _containers.RepeatedCompositeFieldContainer[PartitionBounds]
    def __init__(self, name: _Optional[str] = ..., settings: _Optional[_Union[TopicSettings, _Mapping]] = ..., create_time_unix_ms: _Optional[int] = ..., partitions: _Optional[_Iterable[_Union[PartitionBounds, _Mapping]]] = ...) -> None: ...

class CreateTopicRequest(_message.Message):
    __slots__ = ("namespace", "name", "settings")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    settings: TopicSettings
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., settings: _Optional[_Union[TopicSettings, _Mapping]] = ...) -> None: ...

class CreateTopicResponse(_message.Message):
    __slots__ = ("topic", "existed")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    EXISTED_FIELD_NUMBER: _ClassVar[int]
    topic: Topic
    existed: bool
    def __init__(self, topic: _Optional[_Union[Topic, _Mapping]] = ..., existed: bool = ...) -> None: ...

class GetTopicRequest(_message.Message):
    __slots__ = ("namespace", "name")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class GetTopicResponse(_message.Message):
    __slots__ = ("topic",)
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    topic: Topic
    def __init__(self, topic: _Optional[_Union[Topic, _Mapping]] = ...) -> None: ...

class ListTopicsRequest(_message.Message):
    __slots__ = ("namespace", "pattern", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    pattern: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., pattern: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTopicsResponse(_message.Message):
    __slots__ = ("topics", "next_page_token")
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    topics: _containers.RepeatedCompositeFieldContainer[Topic]
    next_page_token: str
    def __init__(self, topics: _Optional[_Iterable[_Union[Topic, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateTopicRequest(_message.Message):
    __slots__ = ("namespace", "name", "settings", "fields")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    settings: TopicSettings
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., settings: _Optional[_Union[TopicSettings, _Mapping]] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class UpdateTopicResponse(_message.Message):
    __slots__ = ("topic",)
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    topic: Topic
    def __init__(self, topic: _Optional[_Union[Topic, _Mapping]] = ...) -> None: ...

class DeleteTopicRequest(_message.Message):
    __slots__ = ("namespace", "name")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class DeleteTopicResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
