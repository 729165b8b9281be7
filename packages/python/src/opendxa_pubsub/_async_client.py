"""The client for asyncio: the same words, over the client for threads."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from types import TracebackType
from typing import Self, Unpack

from opendxa_pubsub._client import PubSubClient
from opendxa_pubsub._limits import TIMEOUT_S_DEFAULT
from opendxa_pubsub._options import PublishOptions, SubscriptionOptions
from opendxa_pubsub._publishable import Publishable
from opendxa_pubsub._receipt import PublishReceipt
from opendxa_pubsub._received_event import ReceivedEvent
from opendxa_pubsub._requests import Execution, WaitResult
from opendxa_pubsub._subscription import Subscription

# A waiting thread looks that often whether its task still wants the event.
_TAKE_S = 0.5


class AsyncSubscription:
    """One consumer of a subscription for ``async for``; each event is settled by its receiver."""

    def __init__(self, subscription: Subscription) -> None:
        """Binds the subscription; ``AsyncPubSubClient.subscribe`` makes these.

        Args:
            subscription: An opened subscription without a handler.
        """
        self._subscription = subscription
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[ReceivedEvent]:
        """Yields events until the subscription is closed."""
        while not self._is_closed:
            event = await asyncio.to_thread(self._subscription.take, _TAKE_S)
            if event is not None:
                yield event

    async def flush(self) -> bool:
        """Waits until the broker has every ack and nack; says whether it was in time."""
        return await asyncio.to_thread(self._subscription.flush)

    async def close(self) -> None:
        """Sends what was settled, then leaves."""
        self._is_closed = True
        await asyncio.to_thread(self._subscription.close)


class AsyncPubSubClient:
    """A client of one broker for asyncio; see ``PubSubClient`` for what each word does.

    Example::

        async with AsyncPubSubClient() as client:
            await client.publish("learning", {"function_id": "detect_drift"})
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        namespace: str = "",
        source: str | None = None,
        name: str = "",
        timeout_s: float = TIMEOUT_S_DEFAULT,
    ) -> None:
        """Makes a client without connecting.

        Args:
            address: Host and port of the broker; None: as for ``PubSubClient``.
            namespace: Namespace of everything; empty: ``default``.
            source: Source of events that state none.
            name: Shown in the broker's lists.
            timeout_s: Longest wait for an answer, in seconds.
        """
        self._client = PubSubClient(
            address, namespace=namespace, source=source, name=name, timeout_s=timeout_s
        )

    async def publish(
        self, topic: str, event: Publishable, **options: Unpack[PublishOptions]
    ) -> PublishReceipt:
        """Publishes an event and waits until it is durable; as ``PubSubClient.publish``."""
        return await asyncio.to_thread(self._client.publish, topic, event, **options)

    async def publish_many(
        self, topic: str, events: Iterable[Publishable], **options: Unpack[PublishOptions]
    ) -> list[PublishReceipt]:
        """Publishes events in order, batched; as ``PubSubClient.publish_many``."""
        return await asyncio.to_thread(self._client.publish_many, topic, events, **options)

    async def subscribe(
        self,
        topic: str | Sequence[str],
        subscription: str | None = None,
        **options: Unpack[SubscriptionOptions],
    ) -> AsyncSubscription:
        """Consumes a topic or pattern; as ``PubSubClient.subscribe`` without a handler."""
        opened = await asyncio.to_thread(
            self._client.subscribe, topic, None, subscription, **options
        )
        return AsyncSubscription(opened)

    async def register_execution(
        self, execution_id: str, function_name: str, correlation_keys: Iterable[str] = ()
    ) -> Execution:
        """Registers an execution; as ``PubSubClient.register_execution``."""
        return await asyncio.to_thread(
            self._client.register_execution,
            execution_id,
            function_name,
            correlation_keys=correlation_keys,
        )

    async def await_feedback(self, execution_id: str, timeout_s: float | None = None) -> WaitResult:
        """Waits durably for feedback; as ``PubSubClient.await_feedback``."""
        return await asyncio.to_thread(
            self._client.await_feedback, execution_id, timeout_s=timeout_s
        )

    async def close(self) -> None:
        """Sends what is queued, and disconnects."""
        await asyncio.to_thread(self._client.close)

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it."""
        await self.close()
