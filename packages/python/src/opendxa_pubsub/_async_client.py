"""The client for asyncio: the words of the client for threads, as coroutines.

It is an implementation of its own on grpc.aio, not a bridge over threads. What a stream means lives
in sessions without threads, sockets or a clock, which both clients share; so only what moves bytes
is written twice, and that is small. A bridge would be larger where it matters: it needs a thread
for each coroutine that waits for feedback, a way to wake each of these threads when its coroutine
is cancelled, and queues between them. Here a cancelled coroutine cancels its call, and that is all.

Batches are packed and read in the event loop: one has at most 1 MiB. Handlers that are plain
functions run in a thread of their own, as they may block.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Self, Unpack

import grpc

from opendxa_pubsub._arguments import seconds as checked_seconds
from opendxa_pubsub._async_broker_calls import AsyncBrokerCalls
from opendxa_pubsub._async_feedback_calls import AsyncFeedbackCalls
from opendxa_pubsub._async_publishing_calls import AsyncPublishingCalls
from opendxa_pubsub._async_reading_calls import AsyncReadingCalls
from opendxa_pubsub._async_subscription import AsyncSubscription
from opendxa_pubsub._async_subscription_calls import AsyncSubscriptionCalls
from opendxa_pubsub._async_topic_calls import AsyncTopicCalls
from opendxa_pubsub._channel import resolve_address
from opendxa_pubsub._client_options import check_client_options
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2 as subscription_pb
from opendxa_pubsub._handler_thread import HandlerThread
from opendxa_pubsub._limits import CLOSE_S_MAX, SUBSCRIPTIONS_MAX, TIMEOUT_S_DEFAULT
from opendxa_pubsub._options import SubscriptionOptions
from opendxa_pubsub._subscription import Handler
from opendxa_pubsub._subscription_requests import (
    creation_request,
    subscribe_options,
    too_many_subscriptions,
)


class AsyncPubSubClient(
    AsyncPublishingCalls,
    AsyncFeedbackCalls,
    AsyncReadingCalls,
    AsyncTopicCalls,
    AsyncSubscriptionCalls,
    AsyncBrokerCalls,
):
    """A client of one broker for the coroutines of one event loop.

    It connects when first used, in the loop that runs then, and reconnects by itself; what was not
    acknowledged is sent again under the same producer sequences, so that nothing is stored twice.
    Any call may be cancelled: what its description says about that is all that is left of it.

    Example::

        async with AsyncPubSubClient() as client:
            await client.subscribe("feedback", lambda event: print(event["execution_id"]))
            await client.publish("feedback", {"function_id": "f", "execution_id": "x-1"})
            await client.wait(5)
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
        """Makes a client without connecting; no loop need run.

        Args:
            address: Host and port of the broker; None: ``OPENDXA_PUBSUB_ADDRESS`` of the
                environment, else ``127.0.0.1:50051``.
            namespace: Namespace of everything; empty: ``default``.
            source: Source of events that state none; None: the producer's.
            name: Shown in the broker's lists.
            timeout_s: Longest wait for an answer, in seconds.

        Raises:
            PubSubInvalidError: BAD_REQUEST, an argument breaks a rule.
        """
        check_client_options(namespace=namespace, source=source, name=name, timeout_s=timeout_s)
        super().__init__(resolve_address(address), namespace, timeout_s, source=source, name=name)
        self._name = name
        self._handlers = HandlerThread()
        self._subscriptions: set[AsyncSubscription] = set()
        self._closed: asyncio.Task[None] | None = None

    async def subscribe(
        self,
        topic: str | Sequence[str],
        handler: Handler | None = None,
        subscription: str | None = None,
        **options: Unpack[SubscriptionOptions],
    ) -> AsyncSubscription:
        """Consumes events of a topic or pattern; returns when the broker has opened it.

        Cancelled it closes the subscription again before it ends.

        Args:
            topic: Topic or pattern, or up to 64 of them.
            handler: Called with one ``ReceivedEvent`` after another: returning acks, raising nacks
                with the error as its reason. A coroutine function runs in the event loop, beside
                those of other subscriptions; plain functions of all subscriptions run one after
                another in one thread. None: iterate the subscription.
            subscription: Name of the durable subscription, created when it does not exist; its
                consumers share the events. None: one of this consumer's own under a random name,
                deleted when it is closed; a program that is killed leaves it behind for an hour.
            **options: ``start``, ``ack_deadline_ms``, ``attempts_max``, ``retry_min_ms``,
                ``retry_max_ms``, ``dead_letter_topic``, ``expiry_ms``, ``ordered``,
                ``ephemeral``, ``max_outstanding``; see ``SubscriptionOptions``.

        Returns:
            The subscription; close it to leave.

        Raises:
            PubSubExistsError: A subscription of that name has other settings.
            PubSubError: It cannot be opened.
        """
        opening = subscribe_options(
            self._namespace,
            self._name,
            topic,
            subscription,
            handler=handler,
            options=options,
        )
        self._check_open()
        if len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
            raise too_many_subscriptions()
        opened = AsyncSubscription(
            self._stubs.subscriber.Subscribe,
            opening,
            handler,
            self._handlers,
            self._forget if subscription or not opening.subscription else self._delete,
        )
        self._subscriptions.add(opened)
        try:
            await opened.wait_open(self._timeout_s)
        except BaseException:
            await opened.close()
            raise
        return opened

    async def wait(self, seconds: float) -> None:
        """Keeps the program alive for its handlers, until the time is over or the client is closed.

        Args:
            seconds: How long.
        """
        wait_s = checked_seconds("seconds", seconds)
        await self._closing.wait_for(lambda: self._is_closing, wait_s)

    async def run(self) -> None:
        """Keeps the program alive for its handlers until the client is closed.

        The last line of a program that only subscribes. Cancelled, as ``asyncio.run`` does when it
        is interrupted, it closes the client first.
        """
        try:
            await self._closing.wait_for(lambda: self._is_closing)
        except asyncio.CancelledError:
            await self.close()
            raise

    async def create_subscription(
        self, name: str, topic: str | Sequence[str], **options: Unpack[SubscriptionOptions]
    ) -> bool:
        """Creates a durable subscription without consuming it, or finds it with the same settings.

        Args:
            name: Its name.
            topic: Topic or pattern, or up to 64 of them.
            **options: As for :meth:`subscribe`.

        Returns:
            Whether it was created; False when it existed.

        Raises:
            PubSubExistsError: It exists with other settings.
        """
        request = creation_request(self._namespace, name, topic, options)
        answer = await self._call(self._stubs.subscription.CreateSubscription, request)
        return not answer.existed

    async def close(self) -> None:
        """Finishes the running handlers, sends what is queued, and disconnects.

        Handlers that run for more than 10 seconds are cancelled; what is not acknowledged after 10
        more fails as CLIENT_CLOSED. A cancelled close goes on by itself.
        """
        if self._closed is None:
            self._closed = asyncio.create_task(self._close())
        await asyncio.shield(self._closed)

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

    async def _close(self) -> None:
        await self._settle_all(CLOSE_S_MAX)
        self._is_closing = True
        self._closing.notify()
        await asyncio.gather(*(opened.close() for opened in self._subscriptions))
        self._handlers.close()
        await self._publisher.close(CLOSE_S_MAX)
        await self._disconnect()

    async def _forget(self, subscription: AsyncSubscription) -> None:
        self._subscriptions.discard(subscription)

    async def _delete(self, subscription: AsyncSubscription) -> None:
        self._subscriptions.discard(subscription)
        request = subscription_pb.DeleteSubscriptionRequest(
            namespace=self._namespace, name=subscription.name
        )
        with contextlib.suppress(grpc.RpcError):  # its broker is gone: it stays, and nobody waits
            await self._stubs.subscription.DeleteSubscription(request, timeout=CLOSE_S_MAX)
