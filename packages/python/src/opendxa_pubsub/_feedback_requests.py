"""Builds the requests about executions and feedback that both clients send."""

import secrets
from collections.abc import Iterable

from opendxa_pubsub._arguments import bad_argument
from opendxa_pubsub._feedback_message import feedback_message
from opendxa_pubsub._gen.opendxa.pubsub.v1 import feedback_service_pb2 as feedback_pb
from opendxa_pubsub._message import message
from opendxa_pubsub._publishable import FeedbackEvent
from opendxa_pubsub._requests import checked_keys, deadline_unix_ms, policy_number


def register_request(
    namespace: str,
    execution_id: str,
    function_name: str,
    *,
    version: str,
    correlation_keys: Iterable[str],
    correlation_id: str,
    within_s: float | None,
    policy: str,
    feedback_count: int,
) -> feedback_pb.RegisterExecutionRequest:
    """Registers an execution; see ``PubSubClient.register_execution``."""
    execution = message(
        feedback_pb.Execution,
        execution_id=execution_id,
        function_name=function_name,
        version=version,
        correlation_id=correlation_id,
        correlation_keys=checked_keys(correlation_keys),
        deadline_unix_ms=deadline_unix_ms(within_s),
        policy=policy_number(policy),
        feedback_count=feedback_count,
    )
    return message(feedback_pb.RegisterExecutionRequest, namespace=namespace, execution=execution)


def submit_request(
    namespace: str,
    feedback: FeedbackEvent,
    *,
    correlation_keys: Iterable[str],
    id: str | None,
    source: str,
) -> feedback_pb.SubmitFeedbackRequest:
    """Gives feedback; see ``PubSubClient.submit_feedback``."""
    if not isinstance(feedback, FeedbackEvent):
        raise bad_argument("feedback", "a FeedbackEvent")
    keys = checked_keys(correlation_keys)
    if not keys and not feedback.execution_id:
        raise bad_argument("correlation_keys", "required without an execution_id")
    return message(
        feedback_pb.SubmitFeedbackRequest,
        namespace=namespace,
        correlation_keys=keys or [f"opendxa:execution:{feedback.execution_id}"],
        feedback=feedback_message(feedback),
        id=secrets.token_hex(16) if id in (None, "") else id,
        source=source,
    )


def await_request(
    namespace: str,
    execution_id: str,
    *,
    wait_id: str | None,
    within_s: float | None,
    policy: str,
    feedback_count: int,
) -> feedback_pb.AwaitFeedbackRequest:
    """Waits for feedback; see ``PubSubClient.await_feedback``."""
    return message(
        feedback_pb.AwaitFeedbackRequest,
        namespace=namespace,
        execution_id=execution_id,
        wait_id=f"await:{execution_id}" if wait_id in (None, "") else wait_id,
        deadline_unix_ms=deadline_unix_ms(within_s),
        policy=policy_number(policy),
        feedback_count=feedback_count,
    )
