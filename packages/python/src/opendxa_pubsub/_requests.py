"""Builds the requests that both clients send, and reads their answers."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from opendxa_pubsub._arguments import bad_argument, choice, number, texts
from opendxa_pubsub._gen.opendxa.pubsub.v1 import event_pb2, feedback_service_pb2
from opendxa_pubsub._limits import CORRELATION_KEYS_MAX, SECONDS_MAX
from opendxa_pubsub._stored_event import StoredEvent, stored_event

_PRIORITIES = {
    None: event_pb2.PRIORITY_UNSPECIFIED,
    "high": event_pb2.PRIORITY_HIGH,
    "normal": event_pb2.PRIORITY_NORMAL,
    "low": event_pb2.PRIORITY_LOW,
}
_POLICIES = {
    "first": feedback_service_pb2.FEEDBACK_POLICY_FIRST,
    "all": feedback_service_pb2.FEEDBACK_POLICY_ALL,
    "n_of_m": feedback_service_pb2.FEEDBACK_POLICY_N_OF_M,
}
_STATES = {
    feedback_service_pb2.EXECUTION_STATE_OPEN: "open",
    feedback_service_pb2.EXECUTION_STATE_SATISFIED: "satisfied",
    feedback_service_pb2.EXECUTION_STATE_EXPIRED: "expired",
}
_OUTCOMES = {
    feedback_service_pb2.WAIT_OUTCOME_FEEDBACK: "feedback",
    feedback_service_pb2.WAIT_OUTCOME_EXPIRED: "expired",
    feedback_service_pb2.WAIT_OUTCOME_CANCELLED: "cancelled",
}


@dataclass(slots=True, frozen=True)
class Execution:
    """A registered execution, as the broker knows it.

    Attributes:
        execution_id: Id, unique in the namespace.
        function_name: Name of the function.
        version: Version of the function.
        correlation_id: Correlation id of its events.
        correlation_keys: Keys by which feedback finds it.
        deadline_unix_ms: Until when feedback is awaited, milliseconds since the Unix epoch.
        state: ``open``, ``satisfied`` or ``expired``.
        feedback_received: Pieces of feedback matched so far.
    """

    execution_id: str
    function_name: str
    version: str
    correlation_id: str
    correlation_keys: tuple[str, ...]
    deadline_unix_ms: int
    state: str
    feedback_received: int


@dataclass(slots=True, frozen=True)
class FeedbackResult:
    """What became of submitted feedback, durably.

    Attributes:
        execution_ids: Executions that it was matched to.
        pending: It matched nothing and waits for its execution.
        duplicate: It had been submitted before.
    """

    execution_ids: tuple[str, ...]
    pending: bool
    duplicate: bool


@dataclass(slots=True, frozen=True)
class WaitResult:
    """How a wait for feedback ended.

    Attributes:
        wait_id: Names the wait; calling again with it goes on with the same wait.
        outcome: ``feedback``, ``expired`` or ``cancelled``.
        feedback: The feedback that resolved it.
    """

    wait_id: str
    outcome: str
    feedback: tuple[StoredEvent, ...]


def priority_number(priority: str | None) -> event_pb2.Priority:
    """Number of a priority's name."""
    number: event_pb2.Priority = choice("priority", priority, _PRIORITIES)
    return number


def checked_keys(keys: Iterable[str]) -> list[str]:
    """Correlation keys, at most 16."""
    listed = texts("correlation_keys", keys)
    if len(listed) > CORRELATION_KEYS_MAX:
        raise bad_argument("correlation_keys", f"at most {CORRELATION_KEYS_MAX}")
    return listed


def policy_number(policy: str) -> feedback_service_pb2.FeedbackPolicy:
    """Number of a feedback policy's name."""
    number: feedback_service_pb2.FeedbackPolicy = choice("policy", policy, _POLICIES)
    return number


def deadline_unix_ms(within_s: float | None) -> int:
    """When so many seconds from now are over, milliseconds since the Unix epoch; None: 0."""
    if within_s is None:
        return 0
    return time.time_ns() // 1_000_000 + int(number("within_s", within_s, 0, SECONDS_MAX) * 1_000)


def execution_of(message: feedback_service_pb2.Execution) -> Execution:
    """An execution from its message."""
    return Execution(
        execution_id=message.execution_id,
        function_name=message.function_name,
        version=message.version,
        correlation_id=message.correlation_id,
        correlation_keys=tuple(message.correlation_keys),
        deadline_unix_ms=message.deadline_unix_ms,
        state=_STATES.get(message.state, "unknown"),
        feedback_received=message.feedback_received,
    )


def feedback_result(answer: feedback_service_pb2.SubmitFeedbackResponse) -> FeedbackResult:
    """What became of feedback, from the answer."""
    return FeedbackResult(
        tuple(match.execution_id for match in answer.matches), answer.pending, answer.duplicate
    )


def wait_result(answer: feedback_service_pb2.AwaitFeedbackResponse) -> WaitResult | None:
    """The result of a wait, or None while it goes on."""
    outcome = _OUTCOMES.get(answer.wait.outcome)
    if outcome is None:
        return None
    return WaitResult(
        answer.wait.wait_id, outcome, tuple(stored_event(event) for event in answer.feedback)
    )
