from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class AdvanceRequest(_message.Message):
    __slots__ = ("by_ms",)
    BY_MS_FIELD_NUMBER: _ClassVar[int]
    by_ms: int
    def __init__(self, by_ms: _Optional[int] = ...) -> None: ...

class AdvanceResponse(_message.Message):
    __slots__ = ("time_unix_ms",)
    TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    time_unix_ms: int
    def __init__(self, time_unix_ms: _Optional[int] = ...) -> None: ...

class GetTimeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetTimeResponse(_message.Message):
    __slots__ = ("time_unix_ms",)
    TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    time_unix_ms: int
    def __init__(self, time_unix_ms: _Optional[int] = ...) -> None: ...
