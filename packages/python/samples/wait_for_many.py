import asyncio
import time

from opendxa_pubsub import AsyncPubSubClient, FeedbackEvent


async def run_and_wait(client, execution_id):
    await client.register_execution(execution_id, "detect_drift")
    result = await client.await_feedback(execution_id)
    print(execution_id, result.outcome, result.feedback[0]["comments"])


async def main():
    async with AsyncPubSubClient(source="/guides/usage") as client:
        ids = [f"x-{time.time_ns()}-{number}" for number in range(50)]
        waits = asyncio.gather(*(run_and_wait(client, id) for id in ids))
        for id in ids:
            await client.submit_feedback(
                FeedbackEvent(function_id="detect_drift", execution_id=id, comments="as expected")
            )
        await waits


asyncio.run(main())
