"""Executions and their feedback, for threads."""

from collections.abc import Iterable

from opendxa_pubsub._arguments import seconds
from opendxa_pubsub._calls import Calls
from opendxa_pubsub._errors import pubsub_error
from opendxa_pubsub._feedback_requests import await_request, register_request, submit_request
from opendxa_pubsub._gen.opendxa.pubsub.v1 import feedback_service_pb2 as feedback_pb
from opendxa_pubsub._message import message
from opendxa_pubsub._publishable import FeedbackEvent
from opendxa_pubsub._requests import (
    Execution,
    FeedbackResult,
    WaitResult,
    execution_of,
    feedback_result,
    wait_result,
)


class FeedbackCalls(Calls):
    """Brings delayed feedback to the execution that it is about."""

    def register_execution(
        self,
        execution_id: str,
        function_name: str,
        *,
        version: str = "",
        correlation_keys: Iterable[str] = (),
        correlation_id: str = "",
        within_s: float | None = None,
        policy: str = "first",
        feedback_count: int = 0,
    ) -> Execution:
        """Registers an execution, so that feedback can find it; the same again changes nothing.

        Args:
            execution_id: Its id; POET's ``result.execution_id``.
            function_name: Name of the function.
            version: Version of the function.
            correlation_keys: Up to 16 keys by which feedback finds it, such as
                ``mlflow:run:<run id>`` or ``pagerduty:dedup:<dedup key>``.
            correlation_id: Of its events; empty: the execution id.
            within_s: How long feedback is awaited, in seconds; None: 30 days. A repeated
                registration states the same fields, so leave it out where you repeat.
            policy: ``first``, ``all`` or ``n_of_m``.
            feedback_count: For ``n_of_m``: how many.

        Returns:
            The execution.

        Raises:
            PubSubExistsError: It is registered with other fields.
        """
        request = register_request(
            self._namespace,
            execution_id,
            function_name,
            version=version,
            correlation_keys=correlation_keys,
            correlation_id=correlation_id,
            within_s=within_s,
            policy=policy,
            feedback_count=feedback_count,
        )
        return execution_of(self._call(self._stubs.feedback.RegisterExecution, request).execution)

    def get_execution(self, execution_id: str) -> Execution:
        """One registered execution.

        Args:
            execution_id: Its id.

        Returns:
            The execution.

        Raises:
            PubSubNotFoundError: EXECUTION_NOT_FOUND.
        """
        request = message(
            feedback_pb.GetExecutionRequest, namespace=self._namespace, execution_id=execution_id
        )
        return execution_of(self._call(self._stubs.feedback.GetExecution, request).execution)

    def submit_feedback(
        self,
        feedback: FeedbackEvent,
        *,
        correlation_keys: Iterable[str] = (),
        id: str | None = None,
        source: str = "",
    ) -> FeedbackResult:
        """Gives feedback that no connector brings; it is matched by its keys as a webhook's is.

        Args:
            feedback: The feedback.
            correlation_keys: Keys to match by, strongest first; none: that of its ``execution_id``.
            id: Identifies it together with ``source``; a repetition changes nothing. None: random.
            source: Who it is from; empty: ``/feedback``.

        Returns:
            What became of it, durably.
        """
        request = submit_request(
            self._namespace, feedback, correlation_keys=correlation_keys, id=id, source=source
        )
        return feedback_result(self._call(self._stubs.feedback.SubmitFeedback, request))

    def await_feedback(
        self,
        execution_id: str,
        *,
        wait_id: str | None = None,
        within_s: float | None = None,
        policy: str = "first",
        feedback_count: int = 0,
        timeout_s: float | None = None,
    ) -> WaitResult:
        """Waits durably for feedback on one execution, across restarts of the broker.

        Args:
            execution_id: The execution; it need not be registered yet.
            wait_id: Names the wait; with the same one a restarted program goes on with the same
                wait. None: ``await:<execution id>``, one for all callers.
            within_s: Until when the wait lives, in seconds from now; None: 30 days. It is stored
                with the wait and counts only for the call that began it.
            policy: ``first``, ``all`` or ``n_of_m``.
            feedback_count: For ``n_of_m``: how many.
            timeout_s: How long this call waits; the wait itself goes on. None: until its end.

        Returns:
            How it ended.

        Raises:
            PubSubTimeoutError: This call's timeout came first.
        """
        request = await_request(
            self._namespace,
            execution_id,
            wait_id=wait_id,
            within_s=within_s,
            policy=policy,
            feedback_count=feedback_count,
        )
        wait_s = None if timeout_s is None else seconds("timeout_s", timeout_s)

        def attempt(rest_s: float | None) -> WaitResult:
            for answer in self._stubs.feedback.AwaitFeedback(request, timeout=rest_s):
                result = wait_result(answer)
                if result is not None:
                    return result
            raise pubsub_error("CONNECTION_LOST", "the wait's stream ended without an outcome")

        return self._retried(attempt, wait_s)
