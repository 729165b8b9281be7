"""The conformance driver over ``opendxa_pubsub``: one request a line in, one answer a line out."""

import itertools
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from feedback_operations import FeedbackOperations
from opendxa_pubsub import (
    OutgoingEvent,
    PublishReceipt,
    PubSubClient,
    PubSubError,
    ReceivedEvent,
    Subscription,
)
from raw_frames import RawFrames
from subscription_operations import SubscriptionOperations
from wire import (
    TAKE_TIMEOUT_MS_DEFAULT,
    TAKE_TURN_S,
    error_json,
    event_of,
    received_json,
    setting_values,
    stored_json,
    subscription_values,
    unix_ms,
    until_true,
)


class Session(SubscriptionOperations, FeedbackOperations, RawFrames):
    """One client with its consumers and waits."""

    def __init__(
        self,
        name: str,
        address: str | None = None,
        namespace: str = "",
        timeout_ms: int = 30_000,
    ) -> None:
        """Connects when first used."""
        timeout_s = timeout_ms / 1_000
        super().__init__(PubSubClient(address, name=name, namespace=namespace, timeout_s=timeout_s))
        self._publishing: list[Future[PublishReceipt]] = []
        self._consumers: dict[str, Subscription] = {}
        self._received: dict[str, ReceivedEvent] = {}
        self._owners: dict[str, Subscription] = {}
        self._waits = {}

    def create_topic(self, topic: str, **settings: str | int) -> dict[str, Any]:
        """Creates a topic."""
        self.client.create_topic(topic, **setting_values(settings))
        return {}

    def update_topic(self, topic: str, **settings: str | int) -> dict[str, Any]:
        """Changes settings of a topic."""
        self.client.update_topic(topic, **setting_values(settings))
        return {}

    def delete_topic(self, topic: str) -> dict[str, Any]:
        """Deletes a topic."""
        self.client.delete_topic(topic)
        return {}

    def await_gone(self, topic: str, offset: str) -> dict[str, Any]:
        """Waits until an event is stored no longer."""
        until_true(lambda: not self._is_stored(topic, int(offset)))
        return {}

    def await_indexed(self, namespace: str) -> dict[str, Any]:
        """Waits until a namespace's index holds everything."""
        deadline = time.monotonic() + TAKE_TIMEOUT_MS_DEFAULT / 1_000
        while True:
            lags = {lag.namespace: lag for lag in self.client.get_broker().index_lags}
            lag = lags[namespace]
            if lag.entries_behind == 0:
                return {
                    "namespace": lag.namespace,
                    "entries_behind": str(lag.entries_behind),
                    "behind_ms": str(lag.behind_ms),
                }
            if time.monotonic() > deadline:
                raise TimeoutError(f"the index of {namespace} is {lag.entries_behind} behind")
            time.sleep(0.1)

    def _is_stored(self, topic: str, offset: int) -> bool:
        try:
            events = self.client.read(topic, offset=offset, events_max=1)
            return any(event.offset == offset for event in events)
        except PubSubError as error:
            if error.reason == "OFFSET_OUT_OF_RANGE":
                return False
            raise

    def publish(
        self,
        topic: str,
        event: dict[str, Any],
        deliver_in_ms: int | None = None,
        expire_in_ms: int | None = None,
        priority: str = "normal",
    ) -> dict[str, Any]:
        """Publishes one event."""
        options: Any = {"priority": priority}
        if expire_in_ms is not None:
            options["expire_time_unix_ms"] = round(time.time() * 1_000) + expire_in_ms
        if deliver_in_ms is not None:
            options["deliver_time_unix_ms"] = round(time.time() * 1_000) + deliver_in_ms
        receipt = self.client.publish(topic, event_of(event), **options)
        return {
            "id": receipt.id,
            "topic": receipt.topic,
            "partition": receipt.partition,
            "offset": None if receipt.offset is None else str(receipt.offset),
            "duplicate": receipt.duplicate,
            "scheduled": receipt.scheduled,
            "durability": receipt.durability,
        }

    def publish_together(self, topic: str, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Publishes events in one batch, and says what became of each."""
        futures = [self._published(topic, event) for event in events]
        return {"outcomes": [_outcome_of(future) for future in futures]}

    def _published(self, topic: str, event: dict[str, Any]) -> Future[PublishReceipt]:
        try:
            return self.client.publish_async(topic, event_of(event))
        except PubSubError as error:
            refused: Future[PublishReceipt] = Future()
            refused.set_exception(error)
            return refused

    def publish_atomic(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Publishes events of several topics, all or none."""
        pairs = [(each["topic"], event_of(each["event"])) for each in events]
        receipts = self.client.publish_atomic(pairs)
        return {
            "receipts": [{"topic": each.topic, "offset": str(each.offset)} for each in receipts]
        }

    def publish_many(
        self, topic: str, count: int, bytes: int, keyed: bool = False
    ) -> dict[str, Any]:
        """Publishes so many events of so many bytes at once, and waits for all."""
        self.begin_publish_many(topic, count, bytes, keyed=keyed)
        return self.end_publish_many()

    def begin_publish_many(
        self, topic: str, count: int, bytes: int, keyed: bool = False
    ) -> dict[str, Any]:
        """Publishes so many events of so many bytes at once, and waits for none."""
        events = [
            OutgoingEvent(
                id=str(at),
                type="conformance",
                data=b"x" * bytes,
                ordering_key=str(at) if keyed else None,
            )
            for at in range(count)
        ]
        self._publishing = [self.client.publish_async(topic, event) for event in events]
        return {}

    def end_publish_many(self) -> dict[str, Any]:
        """Waits for all of them."""
        timeout_s = TAKE_TIMEOUT_MS_DEFAULT / 1_000
        receipts = [future.result(timeout_s) for future in self._publishing]
        return {
            "acked": len(receipts),
            "in_order": [receipt.offset for receipt in receipts] == list(range(len(receipts))),
        }

    def read_ids(self, topic: str) -> dict[str, Any]:
        """Reads a topic that :meth:`publish_many` filled."""
        ids = [event.id for event in self.client.read(topic)]
        return {"count": len(ids), "in_order": ids == [str(at) for at in range(len(ids))]}

    def cancel_scheduled_event(self, topic: str, source: str, id: str) -> dict[str, Any]:
        """Cancels a scheduled event."""
        return {"cancelled": self.client.cancel_scheduled_event(topic, source, id)}

    def read(self, topic: str, offset: str = "0", events_max: int = 0) -> dict[str, Any]:
        """Reads a topic."""
        events = self.client.read(topic, offset=int(offset), events_max=events_max)
        return {"events": [stored_json(event) for event in events]}

    def events_by_correlation_id(self, correlation_id: str) -> dict[str, Any]:
        """Asks by correlation id."""
        events = self.client.events_by_correlation_id(correlation_id)
        return {"events": [stored_json(event) for event in events]}

    def subscribe(
        self,
        topic: str | list[str],
        subscription: str | None = None,
        consumer: str = "main",
        credit_events: int = 1_000,
        ephemeral: bool = False,
        **settings: str | int,
    ) -> dict[str, Any]:
        """Opens a consumer under a name."""
        opened = self.client.subscribe(
            topic,
            subscription=subscription,
            max_outstanding=credit_events,
            ephemeral=ephemeral,
            **subscription_values(settings),
        )
        self._consumers[consumer] = opened
        return {"subscription": opened.name}

    def ack_and_publish(
        self, ids: list[str], topic: str, events: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Acks events by id and publishes others in one step."""
        inputs = [self._received[id] for id in ids]
        outputs = [event_of(event) for event in events]
        done = self.client.ack_and_publish(inputs, topic, outputs)
        return {"stale": done.is_stale, "offsets": [str(each.offset) for each in done.receipts]}

    def consume(self, subscription: str, acked: list[str], wait_ms: int) -> dict[str, Any]:
        """Takes events by a call, and acks those that are named."""
        events: list[dict[str, Any]] = []
        for event in self.client.consume(subscription, wait_ms=wait_ms):
            self._received[event.id] = event
            self._owners.pop(event.id, None)
            events.append(received_json(event))
            if event.id in acked:
                event.ack()
        return {"events": events}

    def await_notice(self, consumer: str = "main") -> dict[str, Any]:
        """Waits until a consumer is told why it stands still."""
        subscription = self._consumers[consumer]
        until_true(lambda: subscription.notice != "")
        return {"message": subscription.notice}

    def take(
        self,
        consumer: str | list[str] = "main",
        count: int = 1,
        timeout_ms: int = TAKE_TIMEOUT_MS_DEFAULT,
        not_before_unix_ms: str = "0",
    ) -> dict[str, Any]:
        """Takes events, of one consumer or as they come to any of several.

        Until there are ``count`` or the time is over; says how many consumers got some, and whether
        one came before a time.
        """
        names = [consumer] if isinstance(consumer, str) else consumer
        deadline_s = time.monotonic() + timeout_ms / 1_000
        events: list[dict[str, Any]] = []
        takers: set[str] = set()
        is_early = False
        for name in itertools.cycle(names):
            left_s = deadline_s - time.monotonic()
            if len(events) == count or left_s < 0:
                break
            subscription = self._consumers[name]
            event = subscription.take(min(left_s, TAKE_TURN_S))
            if event is None:
                continue
            is_early |= unix_ms() < int(not_before_unix_ms)
            takers.add(name)
            self._received[event.id] = event
            self._owners[event.id] = subscription
            events.append(received_json(event))
        ids = [event["id"] for event in events]
        return {"events": events, "ids": ids, "consumers": len(takers), "early": is_early}

    def ack(self, ids: list[str]) -> dict[str, Any]:
        """Acks events by id, and waits for the verdicts."""
        for id in ids:
            self._received[id].ack()
        return self._flush(ids)

    def nack(self, ids: list[str], delay_ms: int | None = None, reason: str = "") -> dict[str, Any]:
        """Nacks events by id, and waits for the verdicts."""
        for id in ids:
            self._received[id].nack(reason, delay_ms)
        return self._flush(ids)

    def extend(self, ids: list[str], deadline_ms: int = 0) -> dict[str, Any]:
        """Keeps events longer by id, and waits for the verdicts."""
        for id in ids:
            self._received[id].extend(deadline_ms)
        return self._flush(ids)

    def _flush(self, ids: list[str]) -> dict[str, Any]:
        for subscription in {self._owners[id] for id in ids if id in self._owners}:
            if not subscription.flush():
                raise TimeoutError("the settlement was not confirmed")
        return {"outcomes": [self._received[id].outcome for id in ids]}

    def unsubscribe(self, consumer: str = "main") -> dict[str, Any]:
        """Closes a consumer."""
        self._consumers.pop(consumer).close()
        return {}


def _outcome_of(future: Future[PublishReceipt]) -> dict[str, Any]:
    try:
        return {"offset": str(future.result().offset)}
    except PubSubError as error:
        return {"reason": error.reason, "field": error.metadata.get("field")}


OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {
    name: operation
    for owner in (SubscriptionOperations, FeedbackOperations, RawFrames, Session)
    for name, operation in vars(owner).items()
    if callable(operation) and not name.startswith("_")
}
sessions: dict[str, Session] = {}


def carry_out(op: str, client: str = "main", args: dict[str, Any] | None = None) -> dict[str, Any]:
    """Carries out one request."""
    known = args or {}
    if op == "ready":
        return {}
    if op == "close":
        if client in sessions:
            sessions.pop(client).client.close()
        return {}
    if client not in sessions:
        sessions[client] = Session(client, **(known if op == "connect" else {}))
    return {} if op == "connect" else OPERATIONS[op](sessions[client], **known)


def answer_to(line: str) -> dict[str, Any]:
    """Answers one request, with the error where it failed."""
    try:
        return {"ok": carry_out(**json.loads(line))}
    except PubSubError as error:
        return {"error": error_json(error)}
    except Exception as error:  # a fault of the driver is told, not swallowed
        return {"error": {"reason": "DRIVER", "text": repr(error)}}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer_to(line)), flush=True)
    for session in sessions.values():
        session.client.close()
