import asyncio

from opendxa_pubsub import AsyncPubSubClient


async def main():
    async with AsyncPubSubClient() as client, await client.subscribe("learning") as events:
        await client.publish("learning", {"function_id": "detect_drift"})
        async for event in events:
            print(event["function_id"])
            event.ack()
            break


asyncio.run(main())
