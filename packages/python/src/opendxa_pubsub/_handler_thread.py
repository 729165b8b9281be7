"""The thread of plain handlers: they may block, and an event loop may not."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

# An error is handed over as a value: futures of asyncio refuse StopIteration.
_Outcome = tuple[object, BaseException | None]
_Work = tuple["Future[_Outcome]", Callable[[], object]]


class HandlerThread:
    """Runs functions one after another in one thread of its own, started with the first.

    Each subscription waits for its handler before it brings the next event, so that no more
    functions wait here than a client has subscriptions.
    """

    def __init__(self) -> None:
        """Starts no thread yet."""
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, function: Callable[[], object]) -> object:
        """Runs a function in the thread; cancelled it is left out, or left alone if it runs.

        Args:
            function: What to run.

        Returns:
            What the function returns; its error is raised.
        """
        if self._thread is None:
            # A daemon, as the threads of the other client: no handler keeps a program from ending.
            self._thread = threading.Thread(
                target=self._serve, name="opendxa-pubsub-handlers", daemon=True
            )
            self._thread.start()
        outcome: Future[_Outcome] = Future()
        self._work.put((outcome, function))
        result, error = await asyncio.wrap_future(outcome)
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """Ends the thread after the function that runs, without waiting for it."""
        self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            outcome, function = work
            if not outcome.set_running_or_notify_cancel():
                continue
            try:
                outcome.set_result((function(), None))
            except BaseException as error:  # whatever it raises belongs to who waits for it
                outcome.set_result((None, error))
