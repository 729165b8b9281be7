"""Publishes until SIGTERM; writes a line ``<id> <offset>`` for every acknowledged event."""

import argparse
import signal
import threading
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import TextIO

from opendxa_pubsub import PublishReceipt, PubSubClient, PubSubClosedError

# So many are on their way: enough for full frames, few enough to end within a second.
OUTSTANDING_MAX = 2_000
# Longer than any restart of the broker.
TIMEOUT_S = 120.0

Waiting = deque["Future[PublishReceipt]"]


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("address", "topic", "source", "out"):
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_args()


def write_acked(file: TextIO, waiting: Waiting, keep: int) -> None:
    """Writes what was acknowledged, oldest first, until only ``keep`` wait."""
    while waiting and (len(waiting) > keep or waiting[0].done()):
        receipt = waiting.popleft().result(TIMEOUT_S)
        file.write(f"{receipt.id} {receipt.offset}\n")
    file.flush()


def run(arguments: argparse.Namespace, stopping: threading.Event) -> None:
    waiting: Waiting = deque()
    number = 0
    with Path(arguments.out).open("a", encoding="utf-8") as file:
        client = PubSubClient(
            arguments.address,
            source=arguments.source,
            name=arguments.source,
            timeout_s=TIMEOUT_S,
        )
        while not stopping.is_set():
            number += 1
            event_id = f"{arguments.source}-{number}"
            text = f"event {number} of {arguments.source}"
            waiting.append(
                client.publish_async(arguments.topic, text, id=event_id, type="crash.test")
            )
            if number % 100 == 0:
                write_acked(file, waiting, OUTSTANDING_MAX)
        client.close()
        try:
            write_acked(file, waiting, 0)
        except PubSubClosedError:
            # The broker was down when the end came: what is left was never acknowledged.
            file.flush()


def main() -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stopping.set())
    run(read_arguments(), stopping)


if __name__ == "__main__":
    main()
