import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from broker_process import BrokerProcess

from opendxa_pubsub import (
    AsyncPubSubClient,
    FeedbackEvent,
    PubSubClosedError,
    PubSubOverloadedError,
    ReceivedEvent,
)
from opendxa_pubsub import _async_subscription as async_subscription
from opendxa_pubsub._handler_thread import HandlerThread
from opendxa_pubsub._signal import Signal

WAIT_S = 30.0


async def until(condition: Callable[[], object]) -> None:
    """Lets the loop go on until something is true; the test's own bound ends it otherwise."""
    while not condition():
        await asyncio.sleep(0.001)


async def cancel(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_signal_keeps_no_waiter_that_was_cancelled_or_late() -> None:
    signal = Signal()
    waits = [asyncio.create_task(signal.wait_for(lambda: False)) for _ in range(50)]
    await until(lambda: signal.waiting == 50)
    for wait in waits[:25]:
        await cancel(wait)
    assert signal.waiting == 25
    signal.notify()
    await asyncio.sleep(0)
    assert not await signal.wait_for(lambda: False, 0)
    assert await signal.wait_for(lambda: True, 0)
    await signal.change(0)
    for wait in waits[25:]:
        await cancel(wait)
    assert signal.waiting == 0


async def test_a_cancelled_function_of_the_thread_is_left_out() -> None:
    thread = HandlerThread()
    released, ran = threading.Event(), list[str]()
    first = asyncio.create_task(thread.run(lambda: released.wait(WAIT_S)))
    second = asyncio.create_task(thread.run(lambda: ran.append("second")))
    third = asyncio.create_task(thread.run(lambda: ran.append("third")))
    await asyncio.sleep(0)
    await cancel(second)
    released.set()
    assert await first
    await third
    assert ran == ["third"]
    thread.close()
    handlers = [t for t in threading.enumerate() if t.name == "opendxa-pubsub-handlers"]
    for handler in handlers:
        await asyncio.to_thread(handler.join, WAIT_S)
        assert not handler.is_alive()


async def test_a_cancelled_take_loses_no_event(broker: BrokerProcess, topic: str) -> None:
    count = 100
    async with (
        AsyncPubSubClient(broker.address) as client,
        await client.subscribe(topic, subscription="async-takes", start="earliest") as events,
    ):
        taken: list[ReceivedEvent] = []
        for number in range(count):
            take = asyncio.create_task(events.take())
            await client.publish(topic, {"n": number})
            # Each number of turns of the loop meets the delivery at another point.
            for _ in range(number % 7):
                await asyncio.sleep(0)
            take.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                event = await take
                assert event is not None
                taken.append(event)
        while len(taken) < count:
            event = await events.take(WAIT_S)
            assert event is not None
            taken.append(event)
        assert [(event["n"], event.attempt) for event in taken] == [(n, 1) for n in range(count)]
        assert events._runner.changed.waiting <= 2  # those of the stream's own tasks


async def test_an_event_of_a_cancelled_loop_comes_again(broker: BrokerProcess, topic: str) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        held = asyncio.Event()

        async def hold() -> None:
            async with await client.subscribe(
                topic, subscription="async-held", start="earliest"
            ) as events:
                async for _ in events:
                    held.set()
                    await asyncio.Event().wait()

        holding = asyncio.create_task(hold())
        await client.publish(topic, {})
        await held.wait()
        await cancel(holding)
        assert not client._subscriptions
        async with await client.subscribe(
            topic, subscription="async-held", start="earliest"
        ) as events:
            event = await events.take(WAIT_S)
            assert event is not None
            assert event.attempt == 2


async def test_a_cancelled_wait_for_feedback_goes_on_at_the_broker(broker: BrokerProcess) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        await client.register_execution("x-async-cancelled", "f")
        waits = [
            asyncio.create_task(client.await_feedback("x-async-cancelled", wait_id=f"w{n}"))
            for n in range(50)
        ]
        other = asyncio.create_task(client.await_feedback("x-async-cancelled", wait_id="w0"))
        for wait in waits:
            await cancel(wait)
        await client.submit_feedback(
            FeedbackEvent(function_id="f", execution_id="x-async-cancelled")
        )
        assert (await other).outcome == "feedback"
        again = await client.await_feedback("x-async-cancelled", wait_id="w0", timeout_s=WAIT_S)
        assert again.outcome == "feedback"


async def test_a_cancelled_reading_ends(broker: BrokerProcess, topic: str) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        await client.publish_many(topic, [{"n": n} for n in range(3)])
        seen: list[int] = []

        async def follow() -> None:
            async for event in client.read(topic, follow=True):
                seen.append(event["n"])

        following = asyncio.create_task(follow())
        await until(lambda: len(seen) == 3)
        await cancel(following)
        async for event in client.read(topic, follow=True):
            seen.append(event["n"])
            break
        assert seen == [0, 1, 2, 0]


async def test_publishing_waits_for_room_and_cancelled_leaves_nothing(
    own_broker: BrokerProcess,
) -> None:
    topic = "poet/tests/async-room"
    large = bytes(900 * 1024)
    async with AsyncPubSubClient(own_broker.address, timeout_s=WAIT_S) as client:
        assert await client.create_topic(topic)
        await client.publish(topic, b"")
        await asyncio.to_thread(own_broker.kill)
        window = client._publisher._session.window
        futures = []
        while window.has_room(len(large) + 1_000):
            futures.append(await client.publish_async(topic, large))
        held = window._bytes
        late = asyncio.create_task(client.publish(topic, large))
        patient = asyncio.create_task(client.publish(topic, large, type="patient"))
        await asyncio.sleep(0)
        await cancel(late)
        client._timeout_s = 0.05
        with pytest.raises(PubSubOverloadedError, match="BUFFER_FULL"):
            await client.publish_async(topic, large)
        client._timeout_s = WAIT_S
        assert window._bytes == held
        futures[0].cancel()
        await asyncio.to_thread(own_broker.start)
        assert (await patient).offset == len(futures) + 1
        assert [(await future).offset for future in futures[1:]] == list(range(2, len(futures) + 1))
        stored = [event.type async for event in client.read(topic)]
        assert stored == ["bytes"] * (len(futures) + 1) + ["patient"]
        assert window.is_empty


async def test_a_cancelled_publish_is_stored_or_not_and_its_order_kept(
    broker: BrokerProcess, topic: str
) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        tasks = [asyncio.create_task(client.publish(topic, {"n": n})) for n in range(100)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            await cancel(task)
        receipts = await asyncio.gather(*tasks[1::2])
        assert await client.flush()
        stored = {event.offset: event["n"] async for event in client.read(topic)}
        assert [stored[receipt.offset or 0] for receipt in receipts] == list(range(1, 100, 2))
        assert sorted(stored.values()) == list(stored.values())
        assert not client._lookups


async def test_a_cancelled_subscribe_leaves_no_consumer(own_broker: BrokerProcess) -> None:
    async with AsyncPubSubClient(own_broker.address) as client:
        await client.publish("feedback", {})
        await asyncio.to_thread(own_broker.kill)
        opening = asyncio.create_task(client.subscribe("feedback", lambda _: None))
        await until(lambda: client._subscriptions)
        await cancel(opening)
        assert not client._subscriptions


async def test_a_cancelled_close_goes_on(broker: BrokerProcess, topic: str) -> None:
    entered, released = asyncio.Event(), asyncio.Event()

    async def handle(_: ReceivedEvent) -> None:
        entered.set()
        await released.wait()

    client = AsyncPubSubClient(broker.address)
    await client.subscribe(topic, handle, start="earliest")
    await client.publish(topic, {})
    await entered.wait()
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0)
    await cancel(closing)
    released.set()
    await client.close()
    with pytest.raises(PubSubClosedError):
        await client.publish(topic, {})


async def test_a_handler_that_does_not_end_is_cancelled_when_its_client_closes(
    broker: BrokerProcess, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(async_subscription, "CLOSE_S_MAX", 0.05)
    entered = asyncio.Event()
    ended: list[str] = []

    async def handle(_: ReceivedEvent) -> None:
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async with AsyncPubSubClient(broker.address) as client:
        await client.subscribe(topic, handle, "async-endless", start="earliest")
        await client.publish(topic, {})
        await entered.wait()
    assert ended == ["cancelled"]
    async with (
        AsyncPubSubClient(broker.address) as client,
        await client.subscribe(topic, None, "async-endless", start="earliest") as events,
    ):
        event = await events.take(WAIT_S)
        assert event is not None
        assert event.attempt == 2


async def test_a_cancelled_run_closes_its_client(broker: BrokerProcess, topic: str) -> None:
    client = AsyncPubSubClient(broker.address)
    await client.subscribe(topic, lambda _: None)
    running = asyncio.create_task(client.run())
    await until(lambda: client._closing.waiting)
    await cancel(running)
    with pytest.raises(PubSubClosedError):
        await client.publish(topic, {})
