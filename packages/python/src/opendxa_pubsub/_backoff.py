"""Waits between reconnections: full jitter over an exponential bound."""

import random

from opendxa_pubsub._limits import BACKOFF_MS_MAX, BACKOFF_MS_MIN

# Beyond it 2**failures only grows numbers that the bound cuts anyway.
_DOUBLINGS_MAX = 16


def backoff_s(failures: int, source: random.Random) -> float:
    """How long to wait before the next attempt, in seconds.

    Args:
        failures: Failures in a row, from 1.
        source: Where chance comes from.
    """
    doublings = min(failures - 1, _DOUBLINGS_MAX)
    return source.uniform(0, min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2**doublings)) / 1_000
