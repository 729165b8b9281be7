"""What coroutines of one event loop wait on until something becomes true."""

import asyncio
import contextlib
from collections.abc import Callable


class Signal:
    """Wakes every coroutine that waits, so that each looks again whether its condition holds.

    A cancelled wait leaves nothing behind.
    """

    def __init__(self) -> None:
        """Starts without anybody waiting."""
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def waiting(self) -> int:
        """Coroutines that wait."""
        return len(self._waiters)

    def notify(self) -> None:
        """Says that something changed; called in the event loop."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait_for(
        self, condition: Callable[[], object], timeout_s: float | None = None
    ) -> bool:
        """Waits until a condition holds.

        Args:
            condition: Looked at now and after each change.
            timeout_s: Longest wait in seconds; None: no bound.

        Returns:
            Whether it held in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    await self._change()
        except TimeoutError:
            return bool(condition())
        return True

    async def change(self, timeout_s: float) -> None:
        """Waits for the next change, or until so many seconds are over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._change()

    async def _change(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
