"""The message of a FeedbackEvent."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from opendxa_pubsub._arguments import bad_argument, number, text
from opendxa_pubsub._gen.opendxa.pubsub.v1 import poet_events_pb2
from opendxa_pubsub._json_value import json_value
from opendxa_pubsub._limits import CONTEXT_NESTING_MAX
from opendxa_pubsub._message import message
from opendxa_pubsub._publishable import FeedbackEvent


def feedback_message(feedback: FeedbackEvent) -> poet_events_pb2.FeedbackEvent:
    """The message of a FeedbackEvent."""
    fields = {f.name: getattr(feedback, f.name) for f in dataclasses.fields(feedback)}
    context = _mapping("context", fields.pop("context"))
    metrics = _mapping("metrics", fields.pop("metrics"))
    made = message(
        poet_events_pb2.FeedbackEvent, **{k: v for k, v in fields.items() if v is not None}
    )
    for name, value in metrics.items():
        made.metrics[text("metrics", name)] = number("metrics", value)
    for name, value in json_value("context", context, CONTEXT_NESTING_MAX).items():
        _set_value(made.context[text("context", name)], value)
    return made


def _mapping(field: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise bad_argument(field, "values by name")
    return value


def _set_value(target: Any, value: Any) -> None:  # noqa: ANN401 - google.protobuf.Value of any JSON
    if value is None:
        target.null_value = 0
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = number("context", value)
    elif isinstance(value, str):
        target.string_value = text("context", value)
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        for name, item in value.items():
            _set_value(target.struct_value.fields[text("context", name)], item)
    else:
        target.list_value.SetInParent()
        for item in value:
            _set_value(target.list_value.values.add(), item)
