"""Operations on executions and their feedback."""

import threading
from concurrent.futures import Future
from typing import Any

from opendxa_pubsub import FeedbackEvent, PubSubClient, PubSubError
from wire import TAKE_TIMEOUT_MS_DEFAULT


class FeedbackOperations:
    """Registers executions, submits feedback and waits for it with one client."""

    client: PubSubClient
    _waits: dict[str, Future[dict[str, Any]]]

    def register_execution(
        self,
        execution_id: str,
        function_name: str,
        correlation_keys: tuple[str, ...] = (),
        correlation_id: str = "",
    ) -> dict[str, Any]:
        """Registers an execution."""
        self.client.register_execution(
            execution_id,
            function_name,
            correlation_keys=correlation_keys,
            correlation_id=correlation_id,
        )
        return {}

    def submit_feedback(
        self, id: str, correlation_keys: list[str], comments: str
    ) -> dict[str, Any]:
        """Submits feedback."""
        feedback = FeedbackEvent(function_id="", execution_id="", comments=comments)
        result = self.client.submit_feedback(
            feedback, correlation_keys=correlation_keys, id=id, source="/conformance"
        )
        return {
            "execution_ids": list(result.execution_ids),
            "pending": result.pending,
            "duplicate": result.duplicate,
        }

    def begin_await(
        self, execution_id: str, wait_id: str, within_ms: int = TAKE_TIMEOUT_MS_DEFAULT
    ) -> dict[str, Any]:
        """Begins a wait for feedback."""
        future: Future[dict[str, Any]] = Future()

        def wait() -> None:
            try:
                result = self.client.await_feedback(
                    execution_id, wait_id=wait_id, within_s=within_ms / 1_000
                )
                feedback = [event.json() for event in result.feedback]
                future.set_result({"outcome": result.outcome, "feedback": feedback})
            except PubSubError as error:
                future.set_exception(error)

        threading.Thread(target=wait, daemon=True).start()
        self._waits[wait_id] = future
        return {}

    def end_await(self, wait_id: str) -> dict[str, Any]:
        """Ends it with its outcome."""
        return self._waits.pop(wait_id).result()
