"""How often something is tried again while the broker cannot be reached."""

import random
import time

from opendxa_pubsub._backoff import backoff_s
from opendxa_pubsub._channel import is_worth_a_retry
from opendxa_pubsub._errors import PubSubError


class Attempts:
    """The attempts of one request, which all together have a time."""

    def __init__(self, timeout_s: float | None) -> None:
        """Begins with the first attempt.

        Args:
            timeout_s: Time for all of them, in seconds; None: no bound.
        """
        self._deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        self._failures = 0

    @property
    def rest_s(self) -> float | None:
        """Seconds that are left; None: there is no bound."""
        return None if self._deadline_s is None else max(0.0, self._deadline_s - time.monotonic())

    def pause_s(self, error: PubSubError) -> float:
        """Seconds until the next attempt.

        Raises:
            PubSubError: The error itself, where there is none: it is no error of the connection, or
                the time is over.
        """
        self._failures += 1
        pause_s = backoff_s(self._failures, random.Random())
        is_late = self._deadline_s is not None and time.monotonic() + pause_s >= self._deadline_s
        if is_late or not is_worth_a_retry(error):
            raise error
        return pause_s
