import asyncio
import logging
import threading
import time

import pytest
from broker_process import BrokerProcess

from opendxa_pubsub import AsyncPubSubClient, OutgoingEvent, PubSubClient, PubSubError


def test_a_consumed_event_is_settled_when_the_loop_goes_on(
    client: PubSubClient, topic: str
) -> None:
    client.create_topic(topic)
    client.create_subscription("calls", topic, start="earliest")
    for id in ("one", "two", "three"):
        client.publish(topic, id, id=id)
    seen = []
    for event in client.consume("calls", wait_ms=200):
        seen.append(event.id)
        if event.id != "two":
            event.ack()
            event.nack("the first word counts")
    assert seen == ["one", "two", "three"]
    client.seek_subscription("calls", start="earliest")
    assert [event.id for event in client.consume("calls", wait_ms=200)] == seen


def test_what_is_said_after_the_loop_is_answered_at_once(client: PubSubClient, topic: str) -> None:
    client.create_topic(topic)
    client.create_subscription("after-loop", topic, start="earliest")
    for id in ("one", "two", "three"):
        client.publish(topic, id, id=id)
    one, two, three = client.consume("after-loop", wait_ms=200)
    assert (one.outcome, one.is_settled) == (None, False)
    one.ack()
    two.extend()
    three.nack("later")
    assert [event.outcome for event in (one, two, three)] == ["settled"] * 3
    client.skip_events("after-loop", two.sequence, two.entry_index)
    two.ack()
    assert two.outcome == "stale"
    client.delete_subscription("after-loop")


async def test_what_is_said_after_the_loop_goes_out_before_a_client_closes(
    broker: BrokerProcess, topic: str
) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        await client.create_topic(topic)
        await client.create_subscription("async-after-loop", topic, start="earliest")
        for id in ("one", "two", "three"):
            await client.publish(topic, id, id=id)
        events = [event async for event in client.consume("async-after-loop", wait_ms=200)]
        events[0].ack()
        await asyncio.to_thread(events[1].ack)
        while events[1].outcome is None:
            await asyncio.sleep(0.01)
        events[2].ack()
    assert [event.outcome for event in events] == ["settled"] * 3


async def test_what_was_said_before_a_break_goes_out_before_a_client_closes(
    broker: BrokerProcess, topic: str
) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        await client.create_topic(topic)
        await client.create_subscription("left-loop", topic, start="earliest")
        await client.publish(topic, "one", id="one")
        async for event in client.consume("left-loop"):
            event.ack()
            break
    assert event.outcome == "settled"


async def test_a_client_that_closes_ends_a_loop_as_what_it_is(
    broker: BrokerProcess, topic: str
) -> None:
    client = AsyncPubSubClient(broker.address)
    await client.create_topic(topic)
    await client.create_subscription("closed-loop", topic)

    async def consume() -> None:
        async for _ in client.consume("closed-loop", wait_ms=60_000):
            pass

    consuming = asyncio.create_task(consume())
    await asyncio.sleep(0.3)
    await client.close()
    with pytest.raises(PubSubError, match="CLIENT_CLOSED"):
        await consuming


def test_a_loop_without_events_yet_goes_on_over_a_restart(
    own_broker: BrokerProcess, topic: str
) -> None:
    with PubSubClient(own_broker.address) as client:
        client.create_topic(topic)
        client.create_subscription("restarted", topic, start="earliest")
        events = client.consume("restarted", wait_ms=60_000)
        taken: list[str] = []

        def take() -> None:
            event = next(events)
            event.ack()
            taken.append(event.id)

        taking = threading.Thread(target=take)
        taking.start()
        time.sleep(0.3)
        own_broker.kill()
        own_broker.start()
        client.publish(topic, "one", id="one")
        taking.join(30)
        events.close()
        assert taken == ["one"]
        assert client.get_accounting("restarted").acked == 1


def test_a_notice_is_logged_and_kept(
    client: PubSubClient, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.create_topic(topic)
    client.create_subscription("paused", topic, expiry_ms=60_000)
    client.pause_subscription("paused", "deploying")
    with (
        caplog.at_level(logging.WARNING, logger="opendxa_pubsub"),
        client.subscribe(topic, subscription="paused", expiry_ms=60_000) as events,
    ):
        assert events.take(0.5) is None
        assert events.notice == "an operator paused the subscription: deploying"
    assert "subscription paused: an operator paused" in caplog.text
    client.resume_subscription("paused")
    client.delete_subscription("paused")


@pytest.mark.parametrize(
    "targets", [{}, {"start": "latest", "sequence": 1}, {"start": "yesterday"}]
)
def test_a_seek_has_one_target(client: PubSubClient, targets: dict[str, str]) -> None:
    with pytest.raises(PubSubError, match="start"):
        client.seek_subscription("calls", **targets)  # type: ignore[arg-type]


def test_an_ephemeral_subscription_has_no_name_of_its_caller(
    client: PubSubClient, topic: str
) -> None:
    client.create_topic(topic)
    with client.subscribe(topic, ephemeral=True) as events:
        assert events.name.startswith("ephemeral:")
    with pytest.raises(PubSubError, match="ephemeral"):
        client.subscribe(topic, subscription="mine", ephemeral=True)


async def test_coroutines_change_and_consume_subscriptions(
    broker: BrokerProcess, topic: str
) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        await client.create_topic(topic)
        await client.create_subscription("async", topic, start="earliest")
        await client.update_subscription("async", ack_deadline_ms=5_000, retry_min_ms=1)
        await client.publish(topic, "one", id="one")
        seen = []
        async for event in client.consume("async", wait_ms=200):
            seen.append(event.id)
            event.ack()
        assert seen == ["one"]
        await client.create_snapshot("settled", "async")
        assert [found.name async for found in client.list_snapshots("async")] == ["settled"]
        await client.seek_subscription("async", snapshot="settled")
        assert [event.id async for event in client.consume("async", wait_ms=200)] == []
        await client.seek_subscription("async", topic=topic, offset=0)
        assert [event.id async for event in client.consume("async", wait_ms=200)] == ["one"]
        await client.delete_snapshot("settled")
        await client.pause_subscription("async")
        await client.resume_subscription("async")
        await client.delete_subscription("async")
        with pytest.raises(PubSubError, match="SUBSCRIPTION_NOT_FOUND"):
            await client.resume_subscription("async")


def test_outputs_are_stored_with_the_acks_of_their_inputs(client: PubSubClient, topic: str) -> None:
    client.create_topic(topic)
    client.create_topic(f"{topic}/out", partitions=3)
    client.create_subscription("work", topic, start="earliest", ack_deadline_ms=60_000)
    client.publish_many(topic, ["one", "two", "three", "four"])
    one, two, three, four = client.consume("work", deliveries_max=1, wait_ms=2_000)
    keyed = [OutgoingEvent(type="t", ordering_key=key) for key in ("a", "b", "c")]
    done = client.ack_and_publish([one, two], f"{topic}/out", keyed)
    assert [receipt.topic for receipt in done.receipts] == [f"{topic}/out"] * 3
    assert one.is_settled
    assert client.ack_and_publish([two], f"{topic}/out", ["late"]).is_stale
    with pytest.raises(PubSubError, match="nowhere"):
        client.ack_and_publish([three], "nowhere", ["x"])
    assert not three.is_settled
    assert client.skip_events("work", three.sequence, three.entry_index) == 1
    stale = client.ack_and_publish([three, four], f"{topic}/out", ["x"])
    assert (stale.is_stale, stale.receipts, four.is_settled) == (True, [], True)
    assert (one.outcome, three.outcome) == ("settled", "stale")
    counts = client.get_accounting("work")
    assert (counts.entered, counts.acked, counts.skipped, counts.leased) == (4, 2, 1, 1)
    assert list(client.list_blocked_keys("work")) == []
    with pytest.raises(PubSubError, match="blocks"):
        client.release_key("work", "a")
    for events, outputs in (([], ["x"]), ([four], [])):
        with pytest.raises(PubSubError, match="at least one event"):
            client.ack_and_publish(events, topic, outputs)
    client.delete_subscription("work")


async def test_coroutines_settle_and_publish_at_once(broker: BrokerProcess, topic: str) -> None:
    async with AsyncPubSubClient(broker.address) as client:
        await client.create_topic(topic)
        await client.create_subscription("async-work", topic, start="earliest")
        await client.publish(topic, "one")
        async with await client.subscribe(
            topic, subscription="async-work", start="earliest"
        ) as events:
            one = await events.take(5)
            assert one is not None
            done = await client.ack_and_publish([one], topic, ["two"])
            assert (done.is_stale, done.receipts[0].offset) == (False, 1)
            two = await events.take(5)
            assert two is not None
            assert await client.skip_events("async-work", two.sequence, two.entry_index) == 1
        counts = await client.get_accounting("async-work")
        assert (counts.entered, counts.acked, counts.skipped) == (2, 1, 1)
        assert [key async for key in client.list_blocked_keys("async-work")] == []
        with pytest.raises(PubSubError, match="blocks"):
            await client.release_key("async-work", "a")
