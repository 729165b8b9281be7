"""The client for threads."""

import contextlib
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self, Unpack

import grpc

from opendxa_pubsub._arguments import seconds as checked_seconds
from opendxa_pubsub._broker_calls import BrokerCalls
from opendxa_pubsub._channel import resolve_address
from opendxa_pubsub._client_options import check_client_options
from opendxa_pubsub._feedback_calls import FeedbackCalls
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2 as subscription_pb
from opendxa_pubsub._limits import CLOSE_S_MAX, SUBSCRIPTIONS_MAX, TIMEOUT_S_DEFAULT
from opendxa_pubsub._options import SubscriptionOptions
from opendxa_pubsub._publishing_calls import PublishingCalls
from opendxa_pubsub._reading_calls import ReadingCalls
from opendxa_pubsub._subscription import Dispatcher, Handler, Subscription
from opendxa_pubsub._subscription_calls import SubscriptionCalls
from opendxa_pubsub._subscription_requests import (
    creation_request,
    subscribe_options,
    too_many_subscriptions,
)
from opendxa_pubsub._topic_calls import TopicCalls


class PubSubClient(
    PublishingCalls, FeedbackCalls, ReadingCalls, TopicCalls, SubscriptionCalls, BrokerCalls
):
    """A client of one broker, for any number of threads.

    It connects when first used and reconnects by itself; what was not acknowledged is sent again
    under the same producer sequences, so that nothing is stored twice. Handlers of all
    subscriptions run one after another in one thread.

    Example::

        with PubSubClient() as client:
            client.subscribe("feedback", lambda event: print(event["execution_id"]))
            client.publish("feedback", {"function_id": "detect_drift", "execution_id": "x-1"})
            client.wait(5)
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
        self._dispatcher = Dispatcher()
        self._subscriptions: set[Subscription] = set()
        self._lock = threading.Lock()

    def subscribe(
        self,
        topic: str | Sequence[str],
        handler: Handler | None = None,
        subscription: str | None = None,
        **options: Unpack[SubscriptionOptions],
    ) -> Subscription:
        """Consumes events of a topic or pattern; returns when the broker has opened it.

        Args:
            topic: Topic or pattern, or up to 64 of them.
            handler: Called with one ``ReceivedEvent`` after another: returning acks, raising nacks
                with the error as its reason. None: iterate the subscription.
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
        with self._lock:
            self._check_open()
            if len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
                raise too_many_subscriptions()
            opened = Subscription(
                self._stubs.subscriber.Subscribe,
                opening,
                handler,
                self._dispatcher,
                self._forget if subscription or not opening.subscription else self._delete,
            )
            self._subscriptions.add(opened)
        try:
            opened.wait_open(self._timeout_s)
        except BaseException:
            opened.close()
            raise
        return opened

    def wait(self, seconds: float) -> None:
        """Keeps the program alive for its handlers, until the time is over or the client is closed.

        Args:
            seconds: How long.
        """
        self._closing.wait(checked_seconds("seconds", seconds))

    def run(self) -> None:
        """Keeps the program alive for its handlers until the client is closed or interrupted.

        The last line of a program that only subscribes.
        """
        try:
            self._closing.wait()
        except KeyboardInterrupt:
            self.close()

    def create_subscription(
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
        return not self._call(self._stubs.subscription.CreateSubscription, request).existed

    def close(self) -> None:
        """Finishes the running handler, sends what is queued, and disconnects.

        What is not acknowledged after 10 seconds fails as CLIENT_CLOSED.
        """
        with self._lock:
            self._closing.set()
            subscriptions = list(self._subscriptions)
        self._dispatcher.close()
        for subscription in subscriptions:
            subscription.close()
        self._publisher.close(CLOSE_S_MAX)
        self._channel.close()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it."""
        self.close()

    def _forget(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.discard(subscription)

    def _delete(self, subscription: Subscription) -> None:
        self._forget(subscription)
        request = subscription_pb.DeleteSubscriptionRequest(
            namespace=self._namespace, name=subscription.name
        )
        with contextlib.suppress(grpc.RpcError):  # its broker is gone: it stays, and nobody waits
            self._stubs.subscription.DeleteSubscription(request, timeout=CLOSE_S_MAX)
