from opendxa_pubsub._gen.opendxa.pubsub.v1 import event_pb2 as _event_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Codec(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CODEC_UNSPECIFIED: _ClassVar[Codec]
    CODEC_LZ4: _ClassVar[Codec]
    CODEC_ZSTD: _ClassVar[Codec]
    CODEC_GZIP: _ClassVar[Codec]
CODEC_UNSPECIFIED: Codec
CODEC_LZ4: Codec
CODEC_ZSTD: Codec
CODEC_GZIP: Codec

class RecordBatch(_message.Message):
    __slots__ = ("topic", "partition", "count", "producer_id", "producer_epoch", "base_sequence", "codec", "bodies_raw_bytes", "heads_crc32c", "bodies_crc32c", "defaults", "deliver_time_unix_ms", "priority", "heads", "bodies", "base_offset", "append_time_unix_ms")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    BASE_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CODEC_FIELD_NUMBER: _ClassVar[int]
    BODIES_RAW_BYTES_FIELD_NUMBER: _ClassVar[int]
    HEADS_CRC32C_FIELD_NUMBER: _ClassVar[int]
    BODIES_CRC32C_FIELD_NUMBER: _ClassVar[int]
    DEFAULTS_FIELD_NUMBER: _ClassVar[int]
    DELIVER_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    HEADS_FIELD_NUMBER: _ClassVar[int]
    BODIES_FIELD_NUMBER: _ClassVar[int]
    BASE_OFFSET_FIELD_NUMBER: _ClassVar[int]
    APPEND_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    topic: str
    partition: int
    count: int
    producer_id: bytes
    producer_epoch: int
    base_sequence: int
    codec: Codec
    bodies_raw_bytes: int
    heads_crc32c: int
    bodies_crc32c: int
    defaults: _event_pb2.EventHead
    deliver_time_unix_ms: int
    priority: _event_pb2.Priority
    heads: bytes
    bodies: bytes
    base_offset: int
    append_time_unix_ms: int
    def __init__(self, topic: _Optional[str] = ..., partition: _Optional[int] = ..., count: _Optional[int] = ..., producer_id: _Optional[bytes] = ..., producer_epoch: _Optional[int] = ..., base_sequence: _Optional[int] = ..., codec: _Optional[_Union[Codec, str]] = ..., bodies_raw_bytes: _Optional[int] = ..., heads_crc32c: _Optional[int] = ..., bodies_crc32c: _Optional[int] = ..., defaults: _Optional[_Union[_event_pb2.EventHead, _Mapping]] = ..., deliver_time_unix_ms: _Optional[int] = ..., priority: _Optional[_Union[_event_pb2.Priority, str]] = ..., heads: _Optional[bytes] = ..., bodies: _Optional[bytes] = ..., base_offset: _Optional[int] = ..., append_time_unix_ms: _Optional[int] = ...) -> None: ...
