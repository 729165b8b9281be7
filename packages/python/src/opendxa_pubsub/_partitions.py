"""How many partitions topics have, as far as it is known."""

import itertools

from opendxa_pubsub._arguments import text
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import topic_service_pb2
from opendxa_pubsub._limits import TOPICS_CACHED_MAX


class PartitionCache:
    """Remembers the partitions of existing topics; their number never changes."""

    def __init__(self) -> None:
        """Starts empty."""
        self._known: dict[str, int] = {}
        self._turns = itertools.count()

    def next_turn(self) -> int:
        """Counts the calls whose events without a key go to the partitions in turn."""
        return next(self._turns)

    def of(self, topic: str) -> int | None:
        """Partitions of a topic, or None when the broker must be asked.

        Raises:
            PubSubInvalidError: BAD_REQUEST, it is no text.
        """
        return self._known.get(text("topic", topic))

    def found(self, topic: str, answer: topic_service_pb2.Topic) -> int:
        """Remembers the broker's answer."""
        if topic not in self._known and len(self._known) >= TOPICS_CACHED_MAX:
            metadata = {"field": "topics", "limit": TOPICS_CACHED_MAX}
            raise pubsub_error("LIMIT_REACHED", "one client publishes to fewer topics", metadata)
        self._known[topic] = max(1, answer.settings.partitions)
        return self._known[topic]

    def failed(self, error: PubSubError) -> int:
        """Partitions of a topic that does not exist: created on first use it has one.

        Raises:
            PubSubError: The error, unless it says that there is no such topic.
        """
        if error.reason in ("TOPIC_NOT_FOUND", "TOPIC_NAME_INVALID"):
            return 1
        raise error
