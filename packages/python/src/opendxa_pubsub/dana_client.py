"""The functions of the Dana module ``pubsub_client``: one client for the whole program.

Dana re-exports them without wrapping, so that errors keep their class and handlers pass unchanged.
"""

import threading
from collections.abc import Callable
from typing import Any

from opendxa_pubsub._client import PubSubClient
from opendxa_pubsub._publishable import FeedbackEvent, Publishable
from opendxa_pubsub._received_event import ReceivedEvent
from opendxa_pubsub._requests import Execution, FeedbackResult, WaitResult

_lock = threading.Lock()
_client: PubSubClient | None = None

DanaHandler = Callable[[ReceivedEvent], object]
"""A Dana function of one parameter: returning acks, raising nacks."""


def connect(address: str | None = None, namespace: str = "", source: str | None = None) -> None:
    """Chooses the broker; without it the first call uses ``OPENDXA_PUBSUB_ADDRESS``.

    Args:
        address: Host and port of the broker.
        namespace: Namespace of everything; empty: ``default``.
        source: Source of the program's events.
    """
    global _client
    made = PubSubClient(address, namespace=namespace, source=source)
    with _lock:
        before, _client = _client, made
    if before is not None:
        before.close()


def _connected() -> PubSubClient:
    global _client
    with _lock:
        if _client is None:
            _client = PubSubClient()
        return _client


def publish(topic: str, event: Publishable, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """Publishes a struct, a dict or text, and waits until it is durable.

    Args:
        topic: Topic name.
        event: What to publish.
        **options: As for ``PubSubClient.publish``.

    Returns:
        ``id``, ``topic``, ``partition``, ``offset``, ``duplicate``.
    """
    receipt = _connected().publish(topic, event, **options)
    names = ("id", "topic", "partition", "offset", "duplicate")
    return {name: getattr(receipt, name) for name in names}


def subscribe(
    topic: str,
    handler: DanaHandler,
    subscription: str | None = None,
    **options: Any,  # noqa: ANN401
) -> str:
    """Calls a handler with one event after another.

    Args:
        topic: Topic or pattern.
        handler: Takes the event; its fields are read as ``event["execution_id"]``.
        subscription: Name of the durable subscription; none: one of this program's own.
        **options: As for ``PubSubClient.subscribe``.

    Returns:
        Name of the subscription.
    """
    return _connected().subscribe(topic, handler, subscription, **options).name


def on(
    topic: str,
    subscription: str | None = None,
    **options: Any,  # noqa: ANN401
) -> Callable[[DanaHandler], DanaHandler]:
    """Subscribes the function below it: ``@on("feedback")``.

    Args:
        topic: Topic or pattern.
        subscription: Name of the durable subscription.
        **options: As for ``PubSubClient.subscribe``.
    """

    def decorate(handler: DanaHandler) -> DanaHandler:
        subscribe(topic, handler, subscription, **options)
        return handler

    return decorate


def run() -> None:
    """Keeps the program alive for its handlers: the last line of one that only subscribes."""
    _connected().run()


def wait(seconds: float) -> None:
    """Keeps the program alive for its handlers for so many seconds."""
    _connected().wait(seconds)


def close() -> None:
    """Finishes the running handler, sends what is queued, and disconnects."""
    global _client
    with _lock:
        before, _client = _client, None
    if before is not None:
        before.close()


def register_execution(
    execution_id: str,
    function_name: str,
    **options: Any,  # noqa: ANN401
) -> Execution:
    """Registers an execution, so that feedback can find it.

    Args:
        execution_id: POET's ``result.execution_id``.
        function_name: POET's ``result.function_name``.
        **options: As for ``PubSubClient.register_execution``.
    """
    return _connected().register_execution(execution_id, function_name, **options)


def get_execution(execution_id: str) -> Execution:
    """One registered execution."""
    return _connected().get_execution(execution_id)


def submit_feedback(function_id: str, execution_id: str, **fields: Any) -> FeedbackResult:  # noqa: ANN401
    """Gives feedback on an execution.

    Args:
        function_id: The function.
        execution_id: The execution.
        **fields: Further fields of ``FeedbackEvent``.
    """
    feedback = FeedbackEvent(function_id=function_id, execution_id=execution_id, **fields)
    return _connected().submit_feedback(feedback)


def await_feedback(execution_id: str, **options: Any) -> WaitResult:  # noqa: ANN401
    """Waits durably for feedback on one execution.

    Args:
        execution_id: The execution.
        **options: As for ``PubSubClient.await_feedback``.
    """
    return _connected().await_feedback(execution_id, **options)
