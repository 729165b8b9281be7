from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2 as _batch_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetBrokerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Limit(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: int
    def __init__(self, value: _Optional[int] = ...) -> None: ...

class IndexLag(_message.Message):
    __slots__ = ("namespace", "entries_behind", "behind_ms")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_BEHIND_FIELD_NUMBER: _ClassVar[int]
    BEHIND_MS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    entries_behind: int
    behind_ms: int
    def __init__(self, namespace: _Optional[str] = ..., entries_behind: _Optional[int] = ..., behind_ms: _Optional[int] = ...) -> None: ...

class GetBrokerResponse(_message.Message):
    __slots__ = ("version", "start_number", "start_time_unix_ms", "namespaces", "index_engine", "journal", "limits", "codecs", "not_served", "index_lags")
    class LimitsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Limit
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Limit, _Mapping]] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    START_NUMBER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    INDEX_ENGINE_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    CODECS_FIELD_NUMBER: _ClassVar[int]
    NOT_SERVED_FIELD_NUMBER: _ClassVar[int]
    INDEX_LAGS_FIELD_NUMBER: _ClassVar[int]
    version: str
    start_number: int
    start_time_unix_ms: int
    namespaces: _containers.RepeatedScalarFieldContainer[str]
    index_engine: str
    journal: str
    limits: _containers.MessageMap[str, Limit]
    codecs: _containers.RepeatedScalarFieldContainer[_batch_pb2.Codec]
    not_served: _containers.RepeatedScalarFieldContainer[str]
    index_lags: _containers.RepeatedCompositeFieldContainer[IndexLag]
    def __init__(self, version: _Optional[str] = ..., start_number: _Optional[int] = ..., start_time_unix_ms: _Optional[int] = ..., namespaces: _Optional[_Iterable[str]] = ..., index_engine: _Optional[str] = ..., journal: _Optional[str] = ..., limits: _Optional[_Mapping[str, Limit]] = ..., codecs: _Optional[_Iterable[_Union[_batch_pb2.Codec, str]]] = ..., not_served: _Optional[_Iterable[str]] = ..., index_lags: _Optional[_Iterable[_Union[IndexLag, _Mapping]]] = ...) -> None: ...

class ReadAuditRequest(_message.Message):
    __slots__ = ("namespace", "from_time_unix_ms")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    from_time_unix_ms: int
    def __init__(self, namespace: _Optional[str] = ..., from_time_unix_ms: _Optional[int] = ...) -> None: ...

class ReadAuditResponse(_message.Message):
    __slots__ = ("principal", "method", "resource", "outcome", "time_unix_ms", "chain_hash")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    CHAIN_HASH_FIELD_NUMBER: _ClassVar[int]
    principal: str
    method: str
    resource: str
    outcome: str
    time_unix_ms: int
    chain_hash: bytes
    def __init__(self, principal: _Optional[str] = ..., method: _Optional[str] = ..., resource: _Optional[str] = ..., outcome: _Optional[str] = ..., time_unix_ms: _Optional[int] = ..., chain_hash: _Optional[bytes] = ...) -> None: ...
