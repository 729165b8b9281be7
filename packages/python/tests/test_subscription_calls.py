import logging

import pytest
from broker_process import BrokerProcess

from opendxa_pubsub import AsyncPubSubClient, PubSubClient, PubSubError


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
