import threading

import pytest
from both_clients import Watched
from broker_process import BrokerProcess

from opendxa_pubsub import AsyncPubSubClient, OutgoingEvent, PubSubClient, PubSubError

HALF = bytes(520 * 1024)


def test_events_of_several_topics_are_stored_together(client: PubSubClient, topic: str) -> None:
    client.create_topic(topic)
    client.create_topic(f"{topic}/audit", partitions=4)
    client.publish(topic, "before")
    keyed = OutgoingEvent(type="t", ordering_key="a")
    receipts = client.publish_atomic(
        [(topic, "one"), (f"{topic}/audit", keyed), (topic, "two"), (f"{topic}/audit", keyed)]
    )
    assert [receipt.topic for receipt in receipts] == [topic, f"{topic}/audit"] * 2
    assert [receipt.offset for receipt in receipts] == [1, 0, 2, 1]
    client.publish(topic, "after")
    stored = list(client.read(topic))
    assert [event.text() for event in stored] == ["before", "one", "two", "after"]
    assert [event.id for event in stored[1:3]] == [receipts[0].id, receipts[2].id]


def test_without_a_key_calls_go_to_the_partitions_in_turn(client: PubSubClient, topic: str) -> None:
    client.create_topic(topic, partitions=2)
    calls = [client.publish_atomic([(topic, "x"), (topic, "y")]) for _ in range(2)]
    partitions = [{receipt.partition for receipt in receipts} for receipts in calls]
    assert sorted(partitions, key=min) == [{0}, {1}]


def test_one_refused_refuses_all(watched: Watched) -> None:
    topic = f"{watched.topic}/atomic"
    watched.call("create_topic", topic)
    with pytest.raises(PubSubError, match="nowhere") as caught:
        watched.call("publish_atomic", [(topic, "one"), ("nowhere", "x"), (topic, "two")])
    assert caught.value.reason == "TOPIC_NOT_FOUND"
    invalid = OutgoingEvent(type="t", subject="a\nb")
    watched.refuses("subject", "publish_atomic", [(topic, "one"), (topic, invalid)])
    watched.call("publish_atomic", [(topic, "three")])
    assert [event.text() for event in watched.call("read", topic)] == ["three"]


def test_what_no_frame_holds_is_refused_before_it_is_sent(watched: Watched) -> None:
    wide = f"{watched.topic}/wide"
    watched.call("create_topic", wide, partitions=1_024)
    with pytest.raises(PubSubError, match="LIMIT_EXCEEDED") as caught:
        watched.call("publish_atomic", [(watched.spare, HALF), (wide, HALF)])
    assert (caught.value.metadata["field"], caught.value.metadata["limit"]) == ("frame", "1044480")
    keyed = [(wide, OutgoingEvent(type="t", ordering_key=str(key))) for key in range(2_000)]
    with pytest.raises(PubSubError, match="LIMIT_EXCEEDED") as caught:
        watched.call("publish_atomic", keyed)
    assert (caught.value.metadata["field"], caught.value.metadata["limit"]) == ("batches", "256")
    watched.still_works()


def test_all_are_stored_once_when_the_broker_is_killed(own_broker: BrokerProcess) -> None:
    with PubSubClient(own_broker.address) as client:
        client.create_topic("one")
        client.create_topic("two")
        first = threading.Event()

        def publish() -> None:
            for number in range(200):
                client.publish_atomic([("one", str(number)), ("two", str(number))])
                first.set()

        publishing = threading.Thread(target=publish)
        publishing.start()
        assert first.wait(30)
        own_broker.kill()
        own_broker.start()
        publishing.join()
        for topic in ("one", "two"):
            assert [event.text() for event in client.read(topic)] == [str(n) for n in range(200)]


async def test_coroutines_publish_atomically(own_broker: BrokerProcess) -> None:
    async with AsyncPubSubClient(own_broker.address) as client:
        await client.create_topic("orders")
        first = await client.publish_async("orders", "zero")
        receipts = await client.publish_atomic([("orders", "one"), ("orders", "two")])
        assert (await first).offset == 0
        assert [receipt.offset for receipt in receipts] == [1, 2]
