"""Builds messages of what callers give: every field is checked by its type in the contract.

protobuf's own errors name no field. It also takes True for 1 and bytes for a text, and bytes for an
enum may end the process; so it is not left to it.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from opendxa_pubsub._arguments import flag, number, several, text, whole
from opendxa_pubsub._limits import INT64_MAX, INT64_MIN, UINT32_MAX, UINT64_MAX

_Kind = TypeVar("_Kind", bound=Message)
_BOUNDS = {
    FieldDescriptor.TYPE_UINT32: (0, UINT32_MAX),
    FieldDescriptor.TYPE_UINT64: (0, UINT64_MAX),
    FieldDescriptor.TYPE_SFIXED64: (INT64_MIN, INT64_MAX),
}
_CHECKS: dict[int, Callable[[str, Any], Any]] = {
    FieldDescriptor.TYPE_STRING: text,
    FieldDescriptor.TYPE_BOOL: flag,
    FieldDescriptor.TYPE_DOUBLE: number,
}


def message(kind: type[_Kind], **fields: Any) -> _Kind:  # noqa: ANN401 - of any caller
    """A message with these fields.

    Args:
        kind: Class of the message.
        **fields: Its fields. Enums, bytes and messages are not checked: they are made here.

    Raises:
        PubSubInvalidError: BAD_REQUEST, a value that the field cannot hold.
    """
    known = kind.DESCRIPTOR.fields_by_name
    return kind(**{name: _checked(known[name], value) for name, value in fields.items()})


def _checked(field: Any, value: Any) -> Any:  # noqa: ANN401 - descriptors differ by implementation
    if field.is_repeated and field.message_type is None:
        return [_checked_one(field, item) for item in several(field.name, value)]
    return _checked_one(field, value)


def _checked_one(field: Any, value: Any) -> Any:  # noqa: ANN401
    if field.type in _BOUNDS:
        return whole(field.name, value, *_BOUNDS[field.type])
    check = _CHECKS.get(field.type)
    return value if check is None else check(field.name, value)
