import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

TEST_S_MAX = 60.0
LEFT_S_MAX = 10.0


async def run_clean(test: Coroutine[Any, Any, None]) -> None:
    """Runs a test, and fails where it leaves a task behind or an error that nobody took."""
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    await asyncio.wait_for(test, TEST_S_MAX)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:  # a call of grpc.aio ends a turn of its own thread after it was cancelled
        left = (await asyncio.wait(left, timeout=LEFT_S_MAX))[1]
    gc.collect()
    assert not left, "\n".join(map(repr, left))
    assert not complaints
