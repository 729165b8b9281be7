"""Reads ``google.rpc.Status`` with ErrorInfo, RetryInfo and BadRequest, by hand.

The contract never imports google.rpc, so that plain grpcio-tools compiles it; these few messages
are read where they arrive.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

ERROR_DOMAIN = "pubsub.opendxa"
_PREFIX = "type.googleapis.com/google.rpc."


@dataclass(slots=True)
class StatusDetails:
    """What a Status carries with the details that the contract uses."""

    code: int = 0
    message: str = ""
    reason: str | None = None
    domain: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    retry_after_ms: float | None = None
    field_violations: list[tuple[str, str]] = field(default_factory=list)


def decode_status_details(data: bytes) -> StatusDetails | None:
    """Reads a serialized Status.

    Args:
        data: The trailer ``grpc-status-details-bin``.

    Returns:
        What it carries, or None when they are no Status: a trailer is not worth a second error.
    """
    details = StatusDetails()
    try:
        for number, value in _fields(data):
            if number == 1:
                details.code = _int(value)
            elif number == 2:
                details.message = _text(value)
            elif number == 3:
                _read_any(_bytes(value), details)
    except ValueError:
        return None
    return details


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("a number does not end")


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError("no such wire type")
        if at + size > len(data):
            raise ValueError("a field runs over the end")
        yield tag >> 3, data[at : at + size]
        at += size


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where bytes belong")  # noqa: TRY004 - broken bytes, not a type
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode()


def _int(value: int | bytes) -> int:
    if isinstance(value, int):
        return value
    raise ValueError("bytes where a number belongs")


def _pair(data: bytes) -> tuple[str, str]:
    """Two texts in fields 1 and 2: the shape of map entries and of violations."""
    found = ["", ""]
    for number, value in _fields(data):
        if number in (1, 2):
            found[number - 1] = _text(value)
    return found[0], found[1]


def _read_any(data: bytes, details: StatusDetails) -> None:
    name, content = "", b""
    for number, value in _fields(data):
        if number == 1:
            name = _text(value)
        elif number == 2:
            content = _bytes(value)
    if name == f"{_PREFIX}ErrorInfo":
        _read_error_info(content, details)
    elif name == f"{_PREFIX}RetryInfo":
        _read_retry_info(content, details)
    elif name == f"{_PREFIX}BadRequest":
        details.field_violations += [_pair(_bytes(v)) for n, v in _fields(content) if n == 1]


def _read_error_info(data: bytes, details: StatusDetails) -> None:
    details.reason = details.domain = ""
    for number, value in _fields(data):
        if number == 1:
            details.reason = _text(value)
        elif number == 2:
            details.domain = _text(value)
        elif number == 3:
            key, text = _pair(_bytes(value))
            details.metadata[key] = text


def _read_retry_info(data: bytes, details: StatusDetails) -> None:
    details.retry_after_ms = 0.0
    for number, value in _fields(data):
        if number != 1:
            continue
        for inner, amount in _fields(_bytes(value)):
            if inner == 1:
                details.retry_after_ms += _int(amount) * 1_000
            elif inner == 2:
                details.retry_after_ms += _int(amount) / 1e6
