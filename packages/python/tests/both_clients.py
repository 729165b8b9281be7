"""Either client behind the same few words, for tests that hold for both."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from opendxa_pubsub import AsyncPubSubClient, PubSubClient, PubSubInvalidError, ReceivedEvent

WAIT_S = 30.0


class ThreadsClient:
    """The client for threads."""

    def __init__(self, address: str) -> None:
        self.client: Any = PubSubClient(address, source="/tests")

    def run(self, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever a word answers
        """What a word of the client answers; what it yields is listed."""
        answer = make()
        return list(answer) if isinstance(answer, Iterator) else answer

    def close(self) -> None:
        self.client.close()


class CoroutinesClient:
    """The client for asyncio, in a loop of its own."""

    def __init__(self, address: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.client: Any = AsyncPubSubClient(address, source="/tests")

    def run(self, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        async def answered() -> Any:  # noqa: ANN401
            answer = make()
            if inspect.isasyncgen(answer):
                return [each async for each in answer]
            return await answer if inspect.isawaitable(answer) else answer

        return asyncio.run_coroutine_threadsafe(answered(), self._loop).result(WAIT_S)

    def close(self) -> None:
        self.run(self.client.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


KINDS: dict[str, Callable[[str], "ThreadsClient | CoroutinesClient"]] = {
    "threads": ThreadsClient,
    "asyncio": CoroutinesClient,
}


class Watched:
    """A client whose topic and subscription are looked at after each attempt to break them."""

    def __init__(self, kind: str, address: str, topic: str) -> None:
        self._connected = KINDS[kind](address)
        self.run = self._connected.run
        self.client = self._connected.client
        self.topic = topic
        subscription = f"watching:{topic.replace('/', '.')}"
        self.spare = f"spare:{topic.replace('/', '.')}"
        """Name of a topic and of a subscription that tests may do anything with."""
        self._published = 0
        self.opened = self.run(
            lambda: self.client.subscribe(
                topic, None, subscription, start="earliest", retry_min_ms=1, retry_max_ms=2
            )
        )
        self.call("create_topic", self.spare)
        self.call("create_subscription", self.spare, self.spare)

    def call(self, word: str, *arguments: object, **named: object) -> Any:  # noqa: ANN401
        return self.run(lambda: getattr(self.client, word)(*arguments, **named))

    def refuses(self, field: str, word: str, *arguments: object, **named: object) -> None:
        """A word refuses what it is given, by its name."""
        with pytest.raises(PubSubInvalidError) as caught:
            self.call(word, *arguments, **named)
        error = caught.value
        assert error.reason in ("BAD_REQUEST", "EVENT_INVALID", "LIMIT_EXCEEDED")
        assert (error.metadata["field"], "rule" in error.metadata) == (field, True)
        assert field in error.message

    def next_event(self) -> ReceivedEvent:
        """The event after everything that came so far."""
        self._published += 1
        id = f"watched-{self._published}"
        self.call("publish", self.topic, "watched", id=id)
        return self.take(id)

    def take(self, id: str) -> ReceivedEvent:
        """Acks what comes before an event."""
        while True:
            event: ReceivedEvent | None = self.run(lambda: self.opened.take(WAIT_S))
            assert event is not None
            if event.id == id:
                return event
            event.ack()

    def flushed(self, event: ReceivedEvent) -> str | None:
        assert self.run(lambda: self.opened.flush(WAIT_S))
        return event.outcome

    def still_works(self) -> None:
        """The same client publishes and the same subscription receives and settles."""
        event = self.next_event()
        event.ack()
        assert self.flushed(event) == "settled"
        assert self.opened.error is None

    def close(self) -> None:
        self._connected.close()
