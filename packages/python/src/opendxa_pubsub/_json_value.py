"""What JSON can hold, made of what callers give."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from opendxa_pubsub._arguments import bad_argument
from opendxa_pubsub._limits import NESTING_MAX

_BYTES = (bytes, bytearray)


def json_value(field: str, value: object, levels_max: int = NESTING_MAX) -> Any:  # noqa: ANN401
    """JSON types only. Dana's structs and POET's results are known by their shape.

    Args:
        field: What the caller calls it, for the error.
        value: What was given.
        levels_max: Levels of mappings and sequences.

    Raises:
        PubSubInvalidError: BAD_REQUEST, JSON has no such value, or it is nested deeper.
    """

    def plain(value: object, depth: int) -> Any:  # noqa: ANN401 - any JSON value
        if value is None or isinstance(value, str | bool | int | float):
            return value
        if depth >= levels_max:
            raise bad_argument(field, f"at most {levels_max} levels of nested values")
        if isinstance(value, Mapping):
            return {str(key): plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, datetime | date):
            return value.isoformat()
        if type(value).__name__ == "POETResult":
            return plain(value.raw(), depth + 1)  # type: ignore[attr-defined]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
            return {k: plain(v, depth + 1) for k, v in fields.items() if v is not None}
        if hasattr(value, "to_dict") and hasattr(value, "struct_type"):
            return plain(value.to_dict(), depth + 1)
        if isinstance(value, Sequence | set | frozenset) and not isinstance(value, _BYTES):
            return [plain(item, depth + 1) for item in value]
        raise bad_argument(field, f"{type(value).__name__} is no JSON value")

    return plain(value, 0)


def json_bytes(field: str, value: object) -> bytes:
    """JSON types as UTF-8 text.

    Raises:
        PubSubInvalidError: BAD_REQUEST, a number that is not finite, or no valid UTF-8.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
    except ValueError as error:
        raise bad_argument(field, "finite numbers and valid UTF-8") from error
