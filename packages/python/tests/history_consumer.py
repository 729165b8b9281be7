"""A consumer of a history run: a record before everything that it says, after what it hears."""

import json
import random
import signal
import sys
import threading
from typing import Any

from history_writer import HistoryWriter

from opendxa_pubsub import PubSubClient, ReceivedEvent, Subscription

# Longer than any restart of the broker.
TIMEOUT_S = 120.0
POLL_S = 0.1
# Verdicts are asked for after so many acks, together.
FLUSH_EVERY = 100
NACKS = 0.02
CREDIT_EVENTS = 50


class HistoryConsumer:
    """Takes events and acks them, or gives them back by chance."""

    def __init__(
        self, subscription: Subscription, writer: HistoryWriter, task: dict[str, Any]
    ) -> None:
        self._subscription = subscription
        self._writer = writer
        self._random = random.Random(task["seed"])
        self._sub = task["sub"]
        self._said: list[tuple[str, ReceivedEvent, dict[str, Any]]] = []

    def take(self) -> None:
        """One event, if one comes in time."""
        event = self._subscription.take(POLL_S)
        if event is not None:
            self._handle(event)
        if len(self._said) >= FLUSH_EVERY or (event is None and self._said):
            self.hear()

    def hear(self) -> None:
        """Waits for the verdicts, and notes them."""
        if not self._subscription.flush(TIMEOUT_S):
            return
        for of, event, leased in self._said:
            self._writer.write("verdict", **leased, of=of, verdict=event.outcome)
        self._said.clear()

    def _handle(self, event: ReceivedEvent) -> None:
        leased = {
            "topic": event.topic,
            "source": event.source,
            "id": event.id,
            "key": event.ordering_key,
            "sub": self._sub,
            "lease": str(event.lease),
        }
        self._writer.write(
            "delivered",
            **leased,
            partition=event.partition,
            offset=event.offset,
            attempt=event.attempt,
            leaseEnd=event.lease_end_unix_ms,
            sequence=event.sequence,
            index=event.entry_index,
        )
        of = "nack" if self._random.random() < NACKS else "ack"
        self._writer.write(of, **leased)
        self._said.append((of, event, leased))
        if of == "ack":
            event.ack()
        else:
            event.nack("by chance")


def main() -> None:
    task = json.loads(sys.argv[1])
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stopping.set())
    writer = HistoryWriter(task["out"], "consumer", task["name"])
    sub = task["sub"]
    with PubSubClient(task["address"], name=task["name"], timeout_s=TIMEOUT_S) as client:
        writer.write("opened", sub=sub)
        # It exists; this client opens it only with the same settings.
        subscription = client.subscribe(
            task["topics"],
            subscription=sub,
            start="earliest",
            ordered=task["isOrdered"],
            ack_deadline_ms=task["ackDeadlineMs"],
            attempts_max=task["attemptsMax"],
            retry_min_ms=task["retryMinMs"],
            retry_max_ms=task["retryMaxMs"],
            max_outstanding=CREDIT_EVENTS,
        )
        print("ready", flush=True)
        consumer = HistoryConsumer(subscription, writer, task)
        while not stopping.is_set():
            consumer.take()
        consumer.hear()
        writer.write("closing", sub=sub)


if __name__ == "__main__":
    main()
