import asyncio

from broker_process import BrokerProcess

from opendxa_pubsub import AsyncPubSubClient


def test_the_same_words_for_asyncio(broker: BrokerProcess) -> None:
    asyncio.run(asyncio.wait_for(publish_and_consume(broker.address), 30))


async def publish_and_consume(address: str) -> None:
    async with AsyncPubSubClient(address, source="/async") as client:
        events = await client.subscribe("poet/tests/async", "async", start="earliest")
        first = await client.publish("poet/tests/async", {"n": 0})
        more = await client.publish_many("poet/tests/async", [{"n": 1}, {"n": 2}])
        assert [receipt.offset for receipt in (first, *more)] == [0, 1, 2]
        seen = []
        async for event in events:
            seen.append(event["n"])
            event.ack()
            if len(seen) == 3:
                break
        assert seen == [0, 1, 2]
        assert await events.flush()
        await events.close()
        execution = await client.register_execution("x-async", "f")
        assert execution.state == "open"
