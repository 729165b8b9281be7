"""Changes of subscriptions, snapshots, and consuming by calls, for threads."""

import threading
from collections.abc import Iterator
from typing import Unpack

import grpc

from opendxa_pubsub._attempts import Attempts
from opendxa_pubsub._calls import Calls
from opendxa_pubsub._consumption import Consumption, consume_request
from opendxa_pubsub._errors import error_from_grpc
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2 as pb
from opendxa_pubsub._gen.opendxa.pubsub.v1.subscriber_service_pb2 import (
    ConsumeRequest,
    ConsumeResponse,
)
from opendxa_pubsub._limits import CREDIT_EVENTS_DEFAULT
from opendxa_pubsub._message import message
from opendxa_pubsub._options import ChangeableSubscriptionSettings
from opendxa_pubsub._received_event import ReceivedEvent
from opendxa_pubsub._subscription_requests import (
    Accounting,
    BlockedKey,
    Snapshot,
    accounting_of,
    accounting_request,
    blocked_key_of,
    blocked_keys_request,
    release_request,
    seek_request,
    skip_request,
    snapshot_of,
    snapshot_request,
    snapshots_request,
    update_request,
)


class SubscriptionCalls(Calls):
    """Changes subscriptions and consumes them where a stream in both directions does not fit."""

    def update_subscription(
        self, name: str, **settings: Unpack[ChangeableSubscriptionSettings]
    ) -> None:
        """Changes settings of a subscription: those that are given.

        Leases that are open keep their deadline.

        Args:
            name: Its name.
            **settings: As for ``subscribe``; 0 or an empty text is the default.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND, TOPIC_NOT_FOUND, or BAD_REQUEST.
        """
        request = update_request(self._namespace, name, settings)
        self._call(self._stubs.subscription.UpdateSubscription, request)

    def pause_subscription(self, name: str, reason: str = "") -> None:
        """Stops dispatch until :meth:`resume_subscription`, also over restarts of the broker.

        Args:
            name: Its name.
            reason: Why, shown to consumers; at most 1 KiB.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND, or LIMIT_EXCEEDED.
        """
        request = message(
            pb.PauseSubscriptionRequest, namespace=self._namespace, name=name, reason=reason
        )
        self._call(self._stubs.subscription.PauseSubscription, request)

    def resume_subscription(self, name: str) -> None:
        """Ends a pause.

        Args:
            name: Its name.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND.
        """
        request = message(pb.ResumeSubscriptionRequest, namespace=self._namespace, name=name)
        self._call(self._stubs.subscription.ResumeSubscription, request)

    def seek_subscription(
        self,
        name: str,
        *,
        start: str | int | None = None,
        sequence: int | None = None,
        snapshot: str | None = None,
        topic: str | None = None,
        partition: int = 0,
        offset: int = 0,
    ) -> None:
        """Moves a subscription: to one of start, sequence, snapshot or an offset of a topic.

        Its consumers open their streams again by themselves; what was leased before is stale. It is
        not repeated by itself: it may have been carried out, and events settled since.

        Args:
            name: Its name.
            start: ``latest``, ``earliest``, or milliseconds since the Unix epoch.
            sequence: Journal sequence.
            snapshot: Name of a snapshot of the subscription.
            topic: Topic whose events come again from ``offset``; those of other topics stay.
            partition: Its partition.
            offset: First offset of the topic that comes.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND, SNAPSHOT_NOT_FOUND, TOPIC_NOT_FOUND,
                OFFSET_OUT_OF_RANGE, LIMIT_REACHED, or BAD_REQUEST.
        """
        request = seek_request(
            self._namespace,
            name,
            start=start,
            sequence=sequence,
            snapshot=snapshot,
            topic=topic,
            partition=partition,
            offset=offset,
        )
        self._call_once(self._stubs.subscription.SeekSubscription, request)

    def delete_subscription(self, name: str) -> None:
        """Deletes a subscription with its position and its snapshots; its consumers end.

        Args:
            name: Its name.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND.
        """
        request = message(pb.DeleteSubscriptionRequest, namespace=self._namespace, name=name)
        self._call(self._stubs.subscription.DeleteSubscription, request)

    def create_snapshot(self, name: str, subscription: str) -> None:
        """Remembers which events of a subscription are settled; it keeps no events from leaving.

        It is not repeated by itself: the name may be taken by the first attempt.

        Args:
            name: Name of the snapshot.
            subscription: Name of the subscription.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND, LIMIT_REACHED, or BAD_REQUEST.
        """
        request = snapshot_request(self._namespace, name, subscription)
        self._call_once(self._stubs.subscription.CreateSnapshot, request)

    def list_snapshots(self, subscription: str = "") -> Iterator[Snapshot]:
        """Snapshots by name.

        Args:
            subscription: Those of one subscription; empty: all.

        Yields:
            The snapshots.
        """
        token = ""
        while True:
            request = snapshots_request(self._namespace, subscription, token)
            page = self._call(self._stubs.subscription.ListSnapshots, request)
            for found in page.snapshots:
                yield snapshot_of(found)
            token = page.next_page_token
            if not token:
                return

    def delete_snapshot(self, name: str) -> None:
        """Forgets a snapshot.

        Args:
            name: Its name.

        Raises:
            PubSubError: SNAPSHOT_NOT_FOUND.
        """
        request = message(pb.DeleteSnapshotRequest, namespace=self._namespace, name=name)
        self._call(self._stubs.subscription.DeleteSnapshot, request)

    def get_accounting(self, name: str) -> Accounting:
        """Where every event of the subscription's epoch is, exact at the answered sequence.

        Counts what was not looked at yet, which takes time where much is.

        Args:
            name: Its name.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND.
        """
        request = accounting_request(self._namespace, name)
        return accounting_of(self._call(self._stubs.subscription.GetAccounting, request))

    def list_blocked_keys(self, name: str) -> Iterator[BlockedKey]:
        """Ordering keys whose first unsettled event failed and keeps the later ones waiting.

        Args:
            name: Name of the subscription; without ``ordered`` it has none.

        Yields:
            The keys in the order of their bytes.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND.
        """
        token = ""
        while True:
            request = blocked_keys_request(self._namespace, name, token)
            page = self._call(self._stubs.subscription.ListBlockedKeys, request)
            for found in page.keys:
                yield blocked_key_of(found)
            token = page.next_page_token
            if not token:
                return

    def skip_events(
        self, name: str, sequence: int, first_index: int, last_index: int | None = None
    ) -> int:
        """Settles events of one entry as skipped, also leased ones, whose acks are then stale.

        Repeated after a lost answer it skips nothing twice, but counts only what the last attempt
        skipped.

        Args:
            name: Name of the subscription.
            sequence: Sequence of the entry, as the events have it.
            first_index: Index of the first one in the entry.
            last_index: Index of the last one; None: the first one.

        Returns:
            How many were not settled before.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND, EVENT_NOT_FOUND, BAD_REQUEST, or LIMIT_REACHED.
        """
        request = skip_request(self._namespace, name, sequence, first_index, last_index)
        answer = self._call(self._stubs.subscription.SkipEvents, request)
        return int(answer.skipped)

    def release_key(self, name: str, ordering_key: str, topic: str = "") -> None:
        """Lets the first event of a blocked key be tried again now; no attempt is counted.

        Args:
            name: Name of the subscription.
            ordering_key: The key.
            topic: Where it is blocked; empty: everywhere.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND, TOPIC_NOT_FOUND, or EVENT_NOT_FOUND (the key is not
                blocked).
        """
        request = release_request(self._namespace, name, ordering_key, topic)
        self._call_once(self._stubs.subscription.ReleaseKey, request)

    def consume(
        self,
        subscription: str,
        *,
        deliveries_max: int = 0,
        wait_ms: int = 0,
        max_outstanding: int = CREDIT_EVENTS_DEFAULT,
    ) -> Iterator[ReceivedEvent]:
        """Takes events of a subscription by one call that ends.

        What is said of an event goes out by a call of its own when the loop goes on or ends, and at
        once after its end: ``ack``, ``nack`` and ``extend`` then wait for the answer, and raise
        what goes wrong. Leases outlive the loop and end by their deadline. A broker that cannot be
        reached is asked again until the client's timeout, as long as no event came.

        Args:
            subscription: Its name; it must exist.
            deliveries_max: Ends after so many deliveries, at most 10,000; 0: no bound.
            wait_ms: Ends when nothing came for so long, at most 60,000; 0: 10,000.
            max_outstanding: Events that may be unsettled, at most 100,000.

        Yields:
            The events.

        Raises:
            PubSubError: SUBSCRIPTION_NOT_FOUND, BAD_REQUEST, LIMIT_EXCEEDED, CONNECTION_LOST.
        """
        request = consume_request(
            self._namespace,
            subscription,
            deliveries_max=deliveries_max,
            wait_ms=wait_ms,
            max_outstanding=max_outstanding,
        )
        said = Consumption(self._namespace, subscription)
        sending = threading.Lock()

        def settle() -> None:
            with sending:
                self._settle(said)

        try:
            for answer in self._consumed(request):
                for event in said.events_of(answer):
                    yield event
                    settle()
        finally:
            said.on_word = settle
            settle()

    def _consumed(self, request: ConsumeRequest) -> Iterator[ConsumeResponse]:
        """Answers of one call that is opened again, in time, as long as no event came."""
        attempts = Attempts(self._timeout_s)
        has_come = False
        while True:
            self._check_open()
            call = self._stubs.subscriber.Consume(request)
            try:
                for answer in call:
                    has_come = has_come or answer.HasField("delivery")
                    yield answer
            except grpc.RpcError as failure:
                self._check_open()
                error = error_from_grpc(failure)
                if has_come:
                    raise error from failure
                pause_s = attempts.pause_s(error)
            else:
                return
            finally:
                call.cancel()
            self._closing.wait(pause_s)

    def _settle(self, said: Consumption) -> None:
        try:
            while (request := said.next_request()) is not None:
                said.answered(request, self._call(self._stubs.subscriber.Settle, request))
        except BaseException:
            said.abandon()
            raise
