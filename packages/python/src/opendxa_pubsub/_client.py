"""The client for threads."""

import contextlib
import secrets
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import grpc

from opendxa_pubsub._channel import resolve_address
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._feedback_calls import FeedbackCalls
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2 as subscription_pb
from opendxa_pubsub._gen.opendxa.pubsub.v1 import topic_service_pb2 as topic_pb
from opendxa_pubsub._limits import (
    CLOSE_S_MAX,
    CREDIT_BYTES_DEFAULT,
    CREDIT_EVENTS_DEFAULT,
    SUBSCRIPTIONS_MAX,
    TIMEOUT_S_DEFAULT,
)
from opendxa_pubsub._options import PublishOptions, SubscriptionOptions, pending_event
from opendxa_pubsub._partitions import PartitionCache
from opendxa_pubsub._publishable import Publishable
from opendxa_pubsub._publisher import Publisher, settle_future
from opendxa_pubsub._reading_calls import ReadingCalls
from opendxa_pubsub._receipt import PublishReceipt
from opendxa_pubsub._requests import checked_credit_events, subscription_settings
from opendxa_pubsub._subscribe_session import SubscribeOptions
from opendxa_pubsub._subscription import Dispatcher, Handler, Subscription
from opendxa_pubsub._topic_calls import TopicCalls

_Answer = TypeVar("_Answer")


class PubSubClient(FeedbackCalls, ReadingCalls, TopicCalls):
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
        """
        super().__init__(resolve_address(address), namespace, timeout_s)
        self._source = source
        self._name = name
        self._publisher = Publisher(self._stubs.publisher.PublishStream, namespace, name)
        self._partitions = PartitionCache()
        self._dispatcher = Dispatcher()
        self._subscriptions: set[Subscription] = set()
        self._lock = threading.Lock()

    def publish(
        self, topic: str, event: Publishable, **options: Unpack[PublishOptions]
    ) -> PublishReceipt:
        """Publishes an event and waits until it is durable.

        Args:
            topic: Topic name.
            event: An ``OutgoingEvent``; or a payload: a mapping, a dataclass such as
                ``FeedbackEvent``, a Dana struct (these become JSON), bytes, or text.
            **options: Fields of the envelope, ``priority``, ``partition``,
                ``deliver_time_unix_ms``; see ``PublishOptions``.

        Returns:
            Where it lies.

        Raises:
            PubSubError: It was refused.
            PubSubTimeoutError: No answer in time; it may be stored later.
        """
        return self._result(self.publish_async(topic, event, **options))

    def publish_many(
        self, topic: str, events: Iterable[Publishable], **options: Unpack[PublishOptions]
    ) -> list[PublishReceipt]:
        """Publishes events in order, batched, and waits until all are durable.

        Args:
            topic: Topic name.
            events: What to publish, as for :meth:`publish`.
            **options: As for :meth:`publish`, for every event; ``id`` only for a single one.

        Returns:
            Where each lies, in order.

        Raises:
            PubSubError: The first refusal; the other events are stored nevertheless.
        """
        futures = [self.publish_async(topic, event, **options) for event in events]
        return [self._result(future) for future in futures]

    def publish_async(
        self, topic: str, event: Publishable, **options: Unpack[PublishOptions]
    ) -> "Future[PublishReceipt]":
        """Queues an event and returns at once; waits only while the client's buffer is full.

        The first event of a topic asks the broker for the topic's partitions.

        Args:
            topic: Topic name.
            event: As for :meth:`publish`.
            **options: As for :meth:`publish`.

        Returns:
            Resolves when the event is durable, or fails with a PubSubError. It stays open across
            reconnections.

        Raises:
            PubSubInvalidError: The event breaks a rule.
            PubSubOverloadedError: BUFFER_FULL, there was no room in time.
        """
        future: Future[PublishReceipt] = Future()
        partitions = self._partitions.of(topic)
        if partitions is None:
            partitions = self._look_up_partitions(topic)
        pending = pending_event(
            topic,
            partitions,
            event,
            options,
            self._source,
            lambda outcome: settle_future(future, outcome),
        )
        self._publisher.add(pending, self._timeout_s)
        return future

    def flush(self, timeout_s: float | None = None) -> bool:
        """Waits until every queued event was acknowledged or refused.

        Args:
            timeout_s: Longest wait in seconds; None: the client's.

        Returns:
            Whether it was in time.
        """
        return self._publisher.flush(self._timeout_s if timeout_s is None else timeout_s)

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
                deleted when it is closed; a program that is killed leaves it behind.
            **options: ``start``, ``ack_deadline_ms``, ``attempts_max``, ``retry_min_ms``,
                ``retry_max_ms``, ``ordered``, ``max_outstanding``; see ``SubscriptionOptions``.

        Returns:
            The subscription; close it to leave.

        Raises:
            PubSubExistsError: A subscription of that name has other settings.
            PubSubError: It cannot be opened.
        """
        known: dict[str, Any] = dict(options)
        events = checked_credit_events(known.pop("max_outstanding", CREDIT_EVENTS_DEFAULT))
        opening = SubscribeOptions(
            namespace=self._namespace,
            subscription=subscription or f"{self._name or 'python'}-{secrets.token_hex(8)}",
            settings=subscription_settings(topic, **known),
            consumer_name=self._name,
            credit_bytes=CREDIT_BYTES_DEFAULT,
            credit_events=events,
            keeps_leases=handler is not None,
        )
        with self._lock:
            if self._closing.is_set():
                raise pubsub_error("CLIENT_CLOSED", "the client was closed")
            if len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
                metadata = {"field": "subscriptions", "limit": SUBSCRIPTIONS_MAX}
                raise pubsub_error("LIMIT_REACHED", "too many subscriptions", metadata)
            opened = Subscription(
                self._stubs.subscriber.Subscribe,
                opening,
                handler,
                self._dispatcher,
                self._forget if subscription else self._delete,
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
        self._closing.wait(seconds)

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
        known: dict[str, Any] = dict(options)
        known.pop("max_outstanding", None)
        request = subscription_pb.CreateSubscriptionRequest(
            namespace=self._namespace, name=name, settings=subscription_settings(topic, **known)
        )
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

    def _result(self, future: "Future[PublishReceipt]") -> PublishReceipt:
        try:
            return future.result(self._timeout_s)
        except FutureTimeoutError:
            text = "no acknowledgement in time; the event may be stored"
            raise pubsub_error("TIMED_OUT", text) from None

    def _look_up_partitions(self, topic: str) -> int:
        request = topic_pb.GetTopicRequest(namespace=self._namespace, name=topic)
        try:
            found = self._call(self._stubs.topic.GetTopic, request)
        except PubSubError as error:
            return self._partitions.failed(error)
        return self._partitions.found(topic, found.topic)
