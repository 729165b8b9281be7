"""Checks of what callers give, before anything of it is sent: an error names field and rule."""

import operator
import sys
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any, TypeVar

from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._limits import SECONDS_MAX

_Item = TypeVar("_Item")
_FINITE = sys.float_info.max


def bad_argument(field: str, rule: str) -> PubSubError:
    """A caller's argument that breaks a rule before anything is sent."""
    return pubsub_error("BAD_REQUEST", f"{field}: {rule}", {"field": field, "rule": rule})


def choice(field: str, value: Any, choices: Mapping[Any, Any]) -> Any:  # noqa: ANN401 - enums
    """What stands for a value; BAD_REQUEST that lists them for any other."""
    if (value is None or isinstance(value, str)) and value in choices:
        return choices[value]
    raise bad_argument(field, f"one of {', '.join(repr(name) for name in choices)}")


def is_whole(value: Any, least: int, most: int) -> bool:  # noqa: ANN401 - of any caller
    """Whether something is a whole number within its bounds; True and False are none."""
    if isinstance(value, bool):
        return False
    try:
        return bool(least <= operator.index(value) <= most)
    except TypeError:
        return False


def whole(field: str, value: int, least: int, most: int) -> int:
    """A whole number within its bounds."""
    if not is_whole(value, least, most):
        raise bad_argument(field, f"a whole number of {least} to {most}")
    return operator.index(value)


def number(
    field: str,
    value: Any,  # noqa: ANN401 - of any caller
    least: float = -_FINITE,
    most: float = _FINITE,
) -> float:
    """A number within its bounds; without them a finite one."""
    is_number = isinstance(value, Real) and value is not True and value is not False
    if is_number and least <= value <= most:
        return float(value)
    is_bounded = (least, most) != (-_FINITE, _FINITE)
    raise bad_argument(field, f"a number of {least} to {most}" if is_bounded else "a finite number")


def seconds(field: str, value: float) -> float:
    """How long to wait; what was left until a deadline may be below 0, which is not to wait."""
    return max(0.0, number(field, value, -SECONDS_MAX, SECONDS_MAX))


def flag(field: str, value: bool) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise bad_argument(field, "True or False")
    return value


def broken_text(value: Any, bytes_max: int | None = None) -> str | None:  # noqa: ANN401 - of any caller
    """The rule that a value breaks as a text, if it does."""
    if not isinstance(value, str):
        return "a text"
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return "valid UTF-8"
    if bytes_max is not None and size > bytes_max:
        return f"at most {bytes_max} bytes of UTF-8, not {size}"
    return None


def text(field: str, value: str, bytes_max: int | None = None) -> str:
    """A text that can be written as UTF-8."""
    if (rule := broken_text(value, bytes_max)) is not None:
        raise bad_argument(field, rule)
    return value


def texts(field: str, values: str | Iterable[str]) -> list[str]:
    """Several texts, or one."""
    listed = [values] if isinstance(values, str) else several(field, values)
    return [text(field, value) for value in listed]


def several(field: str, values: Iterable[_Item]) -> Iterable[_Item]:
    """Several values, and not one that can be taken apart by accident."""
    is_one = isinstance(values, str | bytes | bytearray | memoryview | Mapping)
    if is_one or not isinstance(values, Iterable):
        raise bad_argument(field, "several, such as a list of them")
    return values


def pairs(field: str, values: Iterable[tuple[str, _Item]]) -> list[tuple[str, _Item]]:
    """At least one pair of a text and something else."""
    listed: list[Any] = list(several(field, values))
    if not listed or not all(isinstance(each, tuple | list) and len(each) == 2 for each in listed):
        raise bad_argument(field, "at least one pair of a topic and an event")
    return [(first, second) for first, second in listed]


def known_options(options: Mapping[str, Any], names: frozenset[str]) -> None:
    """Refuses an option that there is not."""
    for name in options:
        if name not in names:
            raise bad_argument(name, f"no such option; there are {', '.join(sorted(names))}")
