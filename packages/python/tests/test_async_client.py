import asyncio
import threading
from typing import Any

import pytest
from broker_process import BrokerProcess

from opendxa_pubsub import (
    AsyncPubSubClient,
    FeedbackEvent,
    OutgoingEvent,
    PublishReceipt,
    PubSubClosedError,
    PubSubError,
    PubSubExistsError,
    PubSubInvalidError,
    PubSubNotFoundError,
    PubSubTimeoutError,
    ReceivedEvent,
)
from opendxa_pubsub import _async_stream_runner as async_stream_runner
from opendxa_pubsub._checksum import partition_for_key

WAIT_S = 30.0


async def test_publishing_answers_when_it_is_durable(broker: BrokerProcess, topic: str) -> None:
    async with AsyncPubSubClient(broker.address, source="/async") as client:
        sent = OutgoingEvent(type="t", data=b"\x00\xff", id="µ", correlation_id="c")
        assert await client.publish(topic, sent) == PublishReceipt(
            topic, 0, 0, "µ", False, False, "fsync"
        )
        many = await client.publish_many(topic, [{"n": n} for n in range(1, 2_000)])
        assert [receipt.offset for receipt in many] == list(range(1, 2_000))
        futures = [await client.publish_async(topic, {"n": n}) for n in range(2_000, 2_010)]
        assert await client.flush(WAIT_S)
        assert [(await future).offset for future in futures] == list(range(2_000, 2_010))
        read = [event async for event in client.read(topic)]
        assert [event["n"] for event in read[1:]] == list(range(1, 2_010))
        assert (read[0].data, read[0].source) == (b"\x00\xff", "/async")
        some = [event async for event in client.read(topic, offset=5, events_max=2)]
        assert [event.offset for event in some] == [5, 6]


async def test_publishes_begin_in_the_order_of_their_calls(
    broker: BrokerProcess, topic: str
) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        calls = [client.publish(topic, {"n": n}) for n in range(200)]
        receipts = await asyncio.gather(*calls)
        assert [receipt.offset for receipt in receipts] == list(range(200))


async def test_topics_and_their_partitions(broker: BrokerProcess) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        assert await client.create_topic("async-partitioned", partitions=4)
        assert not await client.create_topic("async-partitioned", partitions=4)
        with pytest.raises(PubSubExistsError, match="TOPIC_EXISTS"):
            await client.create_topic("async-partitioned", partitions=2)
        receipt = await client.publish("async-partitioned", {}, ordering_key="ключ")
        assert receipt.partition == partition_for_key("ключ", 4)


async def test_refusals_are_typed(broker: BrokerProcess, topic: str) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        with pytest.raises(PubSubNotFoundError, match=r"^TOPIC_NOT_FOUND: "):
            await client.publish("no-such-topic", {})
        with pytest.raises(PubSubInvalidError, match="LIMIT_EXCEEDED"):
            await client.publish(topic, bytes(960 * 1024))
        with pytest.raises(PubSubNotFoundError, match="TOPIC_NOT_FOUND"):
            _ = [event async for event in client.read("no-such-topic")]
        with pytest.raises(PubSubNotFoundError, match="TOPIC_NOT_FOUND"):
            await client.publish_many("no-such-topic", [{}, {}])
        with pytest.raises(PubSubInvalidError, match="BAD_REQUEST: max_outstanding"):
            await client.subscribe(topic, max_outstanding=0)
    async with AsyncPubSubClient(broker.address, namespace="unknown") as client:
        with pytest.raises(PubSubNotFoundError, match="NAMESPACE_NOT_FOUND"):
            await client.subscribe("feedback")


async def test_iteration_settles_explicitly(broker: BrokerProcess, topic: str) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        assert await client.create_subscription("async-iterated", topic, start="earliest")
        assert not await client.create_subscription("async-iterated", topic, start="earliest")
        await client.publish_many(topic, ["a", "b", "c"])
        seen: list[tuple[str, int]] = []
        async with await client.subscribe(
            topic, subscription="async-iterated", start="earliest"
        ) as events:
            assert (events.name, events.error) == ("async-iterated", None)
            async for event in events:
                seen.append((event.text(), event.attempt))
                if seen[-1] == ("b", 1):
                    event.extend(60_000)
                    event.nack("not yet", delay_ms=1)
                    assert event.is_settled
                elif seen[-1] == ("c", 1):
                    await asyncio.to_thread(event.ack)
                else:
                    event.ack()
                if len(seen) == 4:
                    break
            assert await events.flush()
            assert await events.take(0) is None
        assert await events.take() is None
        assert sorted(seen) == [("a", 1), ("b", 1), ("b", 2), ("c", 1)]


class Consumer:
    """Handlers of each kind, which fail the first time for the event 1."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.seen: list[tuple[int, int]] = []
        self.threads: set[int] = set()
        self.loop = loop
        self.done = asyncio.Event()

    def plain(self, event: ReceivedEvent) -> None:
        self.seen.append((event["n"], event.attempt))
        self.threads.add(threading.get_ident())
        if event["n"] == 1 and event.attempt == 1:
            raise StopIteration(event["n"])
        if len(self.seen) == 4:
            self.loop.call_soon_threadsafe(self.done.set)

    async def coroutine(self, event: ReceivedEvent) -> None:
        await asyncio.sleep(0)
        self.plain(event)

    async def cancelled(self, event: ReceivedEvent) -> None:
        try:
            self.plain(event)
        except StopIteration:
            raise asyncio.CancelledError from None


@pytest.mark.parametrize("kind", ["plain", "coroutine", "cancelled", "mixed"])
async def test_a_handler_acks_by_returning_and_nacks_by_raising(
    broker: BrokerProcess, topic: str, kind: str
) -> None:
    consumer = Consumer(asyncio.get_running_loop())
    handlers: dict[str, Any] = {
        "plain": consumer.plain,
        "coroutine": consumer.coroutine,
        "cancelled": consumer.cancelled,
        "mixed": lambda event: consumer.coroutine(event),
    }
    async with AsyncPubSubClient(broker.address) as client:
        name = f"async-handled-{kind}"
        how: Any = {"start": "earliest", "retry_min_ms": 1, "retry_max_ms": 2}
        subscription = await client.subscribe(topic, handlers[kind], name, **how)
        await client.publish_many(topic, [{"n": n} for n in range(3)])
        await consumer.done.wait()
        await subscription.close()
        assert subscription.stale_settlements == 0
        await client.publish(topic, {"n": 9})
        async with await client.subscribe(topic, None, name, **how) as rest:
            event = await rest.take(WAIT_S)
            assert event is not None
            assert event["n"] == 9
    assert sorted(consumer.seen) == [(0, 1), (1, 1), (1, 2), (2, 1)]
    assert len(consumer.threads) == 1
    assert (threading.get_ident() in consumer.threads) == (kind != "plain")


async def test_a_plain_handler_may_block_and_the_loop_goes_on(
    broker: BrokerProcess, topic: str
) -> None:
    released = threading.Event()
    entered = asyncio.Event()
    loop = asyncio.get_running_loop()

    def handle(_: ReceivedEvent) -> None:
        loop.call_soon_threadsafe(entered.set)
        assert released.wait(WAIT_S)

    async with AsyncPubSubClient(broker.address) as client:
        await client.subscribe(topic, handle, "async-blocking", start="earliest")
        await client.publish(topic, {})
        await entered.wait()
        assert (await client.publish(topic, {})).offset == 1
        released.set()


async def test_a_handler_may_close_its_subscription_and_its_client(
    broker: BrokerProcess, topic: str
) -> None:
    client = AsyncPubSubClient(broker.address)
    closed: list[str] = []

    async def first(_: ReceivedEvent) -> None:
        await one.close()
        closed.append("subscription")

    async def second(_: ReceivedEvent) -> None:
        await client.close()
        closed.append("client")

    one = await client.subscribe(topic, first, "async-closing-1", start="earliest")
    await client.publish(topic, {})
    assert await one.take() is None
    await client.subscribe(topic, second, "async-closing-2", start="earliest")
    await client.run()
    await client.close()
    while len(closed) < 2:
        await asyncio.sleep(0)
    assert closed == ["subscription", "client"]


async def test_closing_waits_for_the_handler_that_runs(broker: BrokerProcess, topic: str) -> None:
    entered, released = asyncio.Event(), asyncio.Event()
    seen: list[int] = []

    async def handle(event: ReceivedEvent) -> None:
        entered.set()
        await released.wait()
        seen.append(event["n"])

    how: Any = {"start": "earliest", "max_outstanding": 1}
    async with AsyncPubSubClient(broker.address) as client:
        subscription = await client.subscribe(topic, handle, "async-waited", **how)
        await client.publish_many(topic, [{"n": 0}, {"n": 1}])
        await entered.wait()
        closing = asyncio.create_task(subscription.close())
        await asyncio.sleep(0)
        released.set()
        await closing
        assert seen == [0]
        async with await client.subscribe(topic, None, "async-waited", **how) as rest:
            event = await rest.take(WAIT_S)
            assert event is not None
            assert event["n"] == 1


async def test_feedback_finds_its_execution(broker: BrokerProcess) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        keys = ["mlflow:run:async-1"]
        feedback = FeedbackEvent(function_id="", execution_id="", rating=4.0)
        early = await client.submit_feedback(feedback, correlation_keys=keys, id="async-early")
        assert (early.pending, early.duplicate) == (True, False)
        execution = await client.register_execution(
            "x-async", "detect", correlation_keys=keys, version="v1", correlation_id="c-async"
        )
        assert (execution.state, execution.correlation_id) == ("satisfied", "c-async")
        assert await client.get_execution("x-async") == execution
        result = await client.await_feedback("x-async", timeout_s=WAIT_S)
        assert (result.outcome, result.feedback[0]["rating"]) == ("feedback", 4)
        found = [event.type async for event in client.events_by_correlation_id("c-async")]
        assert "feedback" in found
        with pytest.raises(PubSubExistsError, match="EXECUTION_EXISTS"):
            await client.register_execution("x-async", "another")
        with pytest.raises(PubSubNotFoundError, match="EXECUTION_NOT_FOUND"):
            await client.get_execution("unknown")
        with pytest.raises(PubSubTimeoutError):
            await client.await_feedback("x-async-never", timeout_s=0.2)


async def test_hundreds_wait_for_feedback_without_a_thread_each(broker: BrokerProcess) -> None:
    count = 200
    async with AsyncPubSubClient(broker.address) as client:
        await client.register_execution("x-async-many-0", "f")
        threads = set(threading.enumerate())
        waits = [
            asyncio.create_task(client.await_feedback(f"x-async-many-{n}", timeout_s=WAIT_S))
            for n in range(count)
        ]
        for n in range(count):
            await client.submit_feedback(
                FeedbackEvent(function_id="f", execution_id=f"x-async-many-{n}"), id=f"many-{n}"
            )
            await client.register_execution(f"x-async-many-{n}", "f")
        assert set(threading.enumerate()) <= threads
        results = await asyncio.gather(*waits)
        assert [result.outcome for result in results] == ["feedback"] * count
        assert [result.feedback[0]["execution_id"] for result in results] == [
            f"x-async-many-{n}" for n in range(count)
        ]


async def test_nothing_is_lost_or_doubled_across_a_kill(own_broker: BrokerProcess) -> None:
    topic = "poet/tests/async-kill"
    received: set[str] = set()
    changed = asyncio.Event()

    async def handle(event: ReceivedEvent) -> None:
        received.add(event.id)
        changed.set()

    async with AsyncPubSubClient(own_broker.address, source="/kill") as client:
        await client.subscribe(topic, handle, "kill", start="earliest")
        waiting = asyncio.create_task(client.await_feedback("x-kill", timeout_s=WAIT_S))
        futures = [await client.publish_async(topic, {"n": n}) for n in range(1_000)]
        await futures[0]
        await asyncio.to_thread(own_broker.kill)
        futures += [await client.publish_async(topic, {"n": n}) for n in range(1_000, 2_000)]
        await asyncio.to_thread(own_broker.start)
        receipts = [await future for future in futures]
        stored = [event async for event in client.read(topic)]
        assert [event["n"] for event in stored] == list(range(2_000))
        assert [event.offset for event in stored] == [receipt.offset for receipt in receipts]
        while received != {event.id for event in stored}:
            changed.clear()
            await changed.wait()
        await client.register_execution("x-kill", "f")
        await client.submit_feedback(FeedbackEvent(function_id="f", execution_id="x-kill"))
        assert (await waiting).outcome == "feedback"


async def test_a_silent_broker_is_left_and_found_again(
    own_broker: BrokerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = "poet/tests/async-silent"
    async with AsyncPubSubClient(own_broker.address) as client:
        events = await client.subscribe(topic, subscription="silent", start="earliest")
        assert (await client.publish(topic, {})).offset == 0
        own_broker.pause()
        monkeypatch.setattr(async_stream_runner, "HEARTBEATS_MISSED_MAX", 0)
        runners = (client._publisher._runner, events._runner)
        for runner in runners:
            await runner.changed.wait_for(lambda runner=runner: not runner.session.is_open)
        monkeypatch.undo()
        own_broker.resume()
        assert (await client.publish(topic, {})).offset == 1
        seen = set()
        while len(seen) < 2:
            event = await events.take()
            assert event is not None
            seen.add(event.offset)
            event.ack()


async def test_a_closed_client_says_so(broker: BrokerProcess, topic: str) -> None:
    client = AsyncPubSubClient(broker.address)
    await client.publish(topic, {})
    subscription = await client.subscribe(topic, lambda _: None)
    waiting = asyncio.create_task(client.await_feedback("x-async-closed"))
    following = client.read(topic, offset=0, follow=True)
    assert (await anext(following)).offset == 0
    reading = asyncio.ensure_future(anext(following))
    running = asyncio.create_task(client.wait(WAIT_S))
    await asyncio.sleep(0)
    await client.close()
    await client.close()
    await client.run()
    await running
    for pending in (waiting, reading):
        with pytest.raises(PubSubClosedError):
            await pending
    for late in (client.publish(topic, {}), client.subscribe(topic), client.get_execution("x")):
        with pytest.raises(PubSubClosedError):
            await late
    with pytest.raises(PubSubClosedError):
        await anext(client.read(topic))
    assert await subscription.take(0) is None


async def test_without_a_broker_calls_time_out_with_their_reason() -> None:
    async with AsyncPubSubClient("127.0.0.1:1", timeout_s=0.5) as client:
        with pytest.raises(PubSubError) as caught:
            await client.publish("feedback", {})
        assert caught.value.reason in ("CONNECTION_LOST", "TIMED_OUT")
        with pytest.raises(PubSubTimeoutError):
            await client.subscribe("feedback")


def test_a_client_that_was_never_used_needs_no_loop() -> None:
    client = AsyncPubSubClient("127.0.0.1:1")
    asyncio.run(client.close())
