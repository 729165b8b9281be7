"""A publisher of a history run: a record before every publish, and one after every answer."""

import json
import random
import signal
import sys
import threading
from concurrent.futures import Future
from typing import Any

from history_writer import HistoryWriter

from opendxa_pubsub import PublishReceipt, PubSubClient, PubSubError

# Longer than any restart of the broker.
TIMEOUT_S = 120.0
# As the publishers in TypeScript.
RATE_PER_SECOND = 200
TURN_S = 0.02
KEYS = 100
UNANSWERED_MAX = 1_000
TOPICS = (("run/plain", False), ("run/keyed", True), ("run/once", False))
# Reasons that say that nothing was stored; every other one leaves it open.
NOT_STORED = {"EVENT_INVALID", "LIMIT_EXCEEDED", "TOPIC_NOT_FOUND", "BUFFER_FULL"}


class HistoryPublisher:
    """Publishes at a steady rate."""

    def __init__(self, client: PubSubClient, writer: HistoryWriter, task: dict[str, Any]) -> None:
        self._client = client
        self._writer = writer
        self._random = random.Random(task["seed"])
        self._source = task["name"]
        self._count = 0
        self._numbers: dict[tuple[str, str | None], int] = {}
        self._unanswered = threading.Semaphore(UNANSWERED_MAX)

    def turn(self) -> None:
        """Publishes what is due in one turn."""
        for _ in range(int(RATE_PER_SECOND * TURN_S)):
            self._publish()

    def _publish(self) -> None:
        topic, is_keyed = self._random.choice(TOPICS)
        key = f"key-{self._random.randrange(KEYS)}" if is_keyed else None
        self._count += 1
        event = {
            "topic": topic,
            "source": self._source,
            "id": f"{self._source}-{self._count}",
            "key": key,
        }
        seq = self._numbers.get((topic, key), 0) + 1
        self._numbers[topic, key] = seq
        self._unanswered.acquire()
        self._writer.write("publish", **event, seq=seq)
        options: dict[str, Any] = {} if key is None else {"ordering_key": key}
        future = self._client.publish_async(
            topic, {"seq": seq}, id=event["id"], type="history.run", **options
        )
        future.add_done_callback(lambda done: self._answered(event, done))

    def _answered(self, event: dict[str, Any], done: "Future[PublishReceipt]") -> None:
        self._unanswered.release()
        error = done.exception()
        if error is None:
            receipt = done.result()
            place = {"partition": receipt.partition, "offset": receipt.offset}
            self._writer.write("acked", **event, **place, duplicate=receipt.duplicate)
            return
        reason = error.reason if isinstance(error, PubSubError) else repr(error)
        stored = "no" if reason in NOT_STORED else "unknown"
        self._writer.write("failed", **event, stored=stored, reason=reason)


def main() -> None:
    task = json.loads(sys.argv[1])
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stopping.set())
    writer = HistoryWriter(task["out"], "publisher", task["name"])
    name = task["name"]
    with PubSubClient(task["address"], source=name, name=name, timeout_s=TIMEOUT_S) as client:
        publisher = HistoryPublisher(client, writer, task)
        print("ready", flush=True)
        while not stopping.wait(TURN_S):
            publisher.turn()
        client.flush(TIMEOUT_S)


if __name__ == "__main__":
    main()
