"""Publishing, for asyncio."""

import asyncio
from collections.abc import Iterable
from typing import TypeVar, Unpack

from opendxa_pubsub._ack_and_publish import (
    AckAndPublishCall,
    AckAndPublishOutcome,
    pending_outputs,
)
from opendxa_pubsub._arguments import pairs, seconds, several
from opendxa_pubsub._async_calls import AsyncCalls
from opendxa_pubsub._async_publisher import AsyncPublisher, receipt_future, settle_receipt
from opendxa_pubsub._atomic_events import AtomicEvents
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2 as publisher_pb
from opendxa_pubsub._gen.opendxa.pubsub.v1 import topic_service_pb2 as topic_pb
from opendxa_pubsub._message import message
from opendxa_pubsub._options import PublishOptions, pending_event
from opendxa_pubsub._partitions import PartitionCache
from opendxa_pubsub._publishable import Publishable
from opendxa_pubsub._receipt import PublishReceipt
from opendxa_pubsub._received_event import ReceivedEvent

_Receipt = TypeVar("_Receipt", PublishReceipt, list[PublishReceipt])


class AsyncPublishingCalls(AsyncCalls):
    """Publishes events over one stream as one idempotent producer."""

    def __init__(
        self, address: str, namespace: str, timeout_s: float, *, source: str | None, name: str
    ) -> None:
        """Makes a publisher without connecting.

        Args:
            address: Host and port of the broker.
            namespace: Namespace of everything.
            timeout_s: Longest wait for an answer, in seconds.
            source: Source of events that state none; None: the producer's.
            name: Shown in the broker's lists.
        """
        super().__init__(address, namespace, timeout_s)
        self._source = source
        self._publisher = AsyncPublisher(
            lambda **how: self._stubs.publisher.PublishStream(**how), namespace, name
        )
        self._partitions = PartitionCache()
        self._lookups: dict[str, asyncio.Task[int]] = {}

    async def publish(
        self, topic: str, event: Publishable, **options: Unpack[PublishOptions]
    ) -> PublishReceipt:
        """Publishes an event and waits until it is durable; cancelled it may be stored or not.

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
        return await self._result(await self.publish_async(topic, event, **options))

    async def publish_many(
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
            PubSubError: The first refusal; the other events are stored nevertheless. One that the
                client itself refuses ends it: those before it are stored, those behind it are not.
        """
        futures = [
            await self.publish_async(topic, event, **options) for event in several("events", events)
        ]
        return [await self._result(future) for future in futures]

    async def publish_async(
        self, topic: str, event: Publishable, **options: Unpack[PublishOptions]
    ) -> "asyncio.Future[PublishReceipt]":
        """Queues an event and returns at once; waits only while the client's buffer is full.

        The first event of a topic asks the broker for the topic's partitions.

        Args:
            topic: Topic name.
            event: As for :meth:`publish`.
            **options: As for :meth:`publish`.

        Returns:
            Resolves when the event is durable, or fails with a PubSubError. It stays open across
            reconnections; its error is not reported where nobody awaits it.

        Raises:
            PubSubInvalidError: The event breaks a rule.
            PubSubOverloadedError: BUFFER_FULL, there was no room in time.
        """
        partitions = await self._partitions_of(topic)
        future = receipt_future()
        pending = pending_event(
            topic,
            partitions,
            event,
            options,
            self._source,
            lambda outcome: settle_receipt(future, outcome),
        )
        await self._publisher.add(pending, self._timeout_s)
        return future

    async def publish_atomic(
        self, events: Iterable[tuple[str, Publishable]], **options: Unpack[PublishOptions]
    ) -> list[PublishReceipt]:
        """Publishes events of one topic or several in one step: all are stored, or none is.

        They lie in one journal entry, and are sent again after a lost connection under the same
        sequences, so none is stored twice; in no order with what :meth:`publish` sends. At most 256
        topic-partitions, 65,535 events, and 1 MiB - 4 KiB together.

        Args:
            events: Pairs of a topic and what to publish there, as for :meth:`publish`.
            **options: As for :meth:`publish`, for every event; ``id`` only for a single one.

        Returns:
            Where each lies, in order.

        Raises:
            PubSubError: What refuses the first event or batch at fault: none is stored.
            PubSubInvalidError: Also LIMIT_EXCEEDED, together they are too many or too large.
            PubSubTimeoutError: No answer in time; all may be stored later.
        """
        pending = []
        for topic, event in pairs("events", events):
            partitions = await self._partitions_of(topic)
            made = pending_event(topic, partitions, event, options, self._source, lambda _: None)
            pending.append(made)
        future: asyncio.Future[list[PublishReceipt]] = receipt_future()
        together = AtomicEvents(
            pending,
            self._partitions.next_turn(),
            self._publisher.producer_id,
            lambda outcome: settle_receipt(future, outcome),
        )
        await self._publisher.add(together, self._timeout_s)
        return await self._result(future)

    async def ack_and_publish(
        self,
        events: Iterable[ReceivedEvent],
        topic: str,
        outputs: Iterable[Publishable],
        **options: Unpack[PublishOptions],
    ) -> AckAndPublishOutcome:
        """Acks received events and publishes what was made of them in one step.

        Both are durable, or nothing happened. This makes processing effectively once: an input
        whose outputs are stored does not come again, and one that comes again has none. It is a
        call of its own, not in the order of :meth:`publish`, and not repeated by itself; events
        without an id get a random one. At most 10,000 events are acked, and about 960 KiB
        published.

        Args:
            events: Leased events of one subscription that are not settled yet.
            topic: Where the outputs go.
            outputs: What to publish, as for :meth:`publish`.
            **options: As for :meth:`publish`, for every output; ``id`` only for a single one.

        Returns:
            Where each output lies, in order; ``is_stale`` when a lease was over or
            an input settled.

        Raises:
            PubSubError: What refuses an event: nothing happened, and the events may be acked or
                nacked. CONNECTION_LOST and TIMED_OUT: it is not known whether it happened; if not,
                the events come again.
        """
        partitions = await self._partitions_of(topic)
        source = self._source or f"/producers/{self._publisher.producer_id.hex()}"
        pending = pending_outputs(topic, partitions, outputs, options, source)
        packed = AtomicEvents(pending, self._partitions.next_turn())
        call = AckAndPublishCall(self._namespace, events, packed)
        if call.is_stale:
            return AckAndPublishOutcome(True, [])
        answer = await self._call_once(self._stubs.publisher.AckAndPublish, call.request)
        return call.outcome(answer)

    async def cancel_scheduled_event(self, topic: str, source: str, id: str) -> bool:
        """Cancels an event that waits for its deliver time; its id may then be stored again.

        Args:
            topic: Its topic.
            source: Its source, as it was published.
            id: Its id, as its receipt has it.

        Returns:
            False when it was released before, which is known while its topic indexes ids or
            remembers them to deduplicate.

        Raises:
            PubSubError: TOPIC_NOT_FOUND, EVENT_NOT_FOUND.
        """
        request = message(
            publisher_pb.CancelScheduledEventRequest,
            namespace=self._namespace,
            topic=topic,
            source=source,
            id=id,
        )
        answer = await self._call(self._stubs.publisher.CancelScheduledEvent, request)
        return bool(answer.cancelled)

    async def flush(self, timeout_s: float | None = None) -> bool:
        """Waits until every queued event was acknowledged or refused.

        Args:
            timeout_s: Longest wait in seconds; None: the client's.

        Returns:
            Whether it was in time.
        """
        wait_s = self._timeout_s if timeout_s is None else seconds("timeout_s", timeout_s)
        return await self._publisher.flush(wait_s)

    async def _result(self, future: "asyncio.Future[_Receipt]") -> _Receipt:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await future
        except TimeoutError:
            text = "no acknowledgement in time; the event may be stored"
            raise pubsub_error("TIMED_OUT", text) from None

    async def _partitions_of(self, topic: str) -> int:
        known = self._partitions.of(topic)
        return await self._look_up_partitions(topic) if known is None else known

    async def _look_up_partitions(self, topic: str) -> int:
        # One question for all that publish to the topic meanwhile: they go on in their order.
        lookup = self._lookups.get(topic)
        if lookup is None:
            lookup = asyncio.create_task(self._ask_for_partitions(topic))
            lookup.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._lookups[topic] = lookup
        return await asyncio.shield(lookup)

    async def _ask_for_partitions(self, topic: str) -> int:
        request = message(topic_pb.GetTopicRequest, namespace=self._namespace, name=topic)
        try:
            found = await self._call(self._stubs.topic.GetTopic, request)
        except PubSubError as error:
            return self._partitions.failed(error)
        finally:
            del self._lookups[topic]
        return self._partitions.found(topic, found.topic)
