"""The driver's operations on subscriptions themselves."""

import dataclasses
from typing import Any

from opendxa_pubsub import PubSubClient, PubSubError
from wire import subscription_values, unix_ms, until_true


class SubscriptionOperations:
    """Changes subscriptions of one client and asks about them."""

    def __init__(self, client: PubSubClient) -> None:
        """Works with a client."""
        self.client = client

    def create_subscription(
        self, subscription: str, topic: str | list[str], **settings: str | int
    ) -> dict[str, Any]:
        """Creates a subscription."""
        self.client.create_subscription(subscription, topic, **subscription_values(settings))
        return {}

    def update_subscription(self, subscription: str, **settings: str | int) -> dict[str, Any]:
        """Changes settings of a subscription."""
        self.client.update_subscription(subscription, **subscription_values(settings))
        return {}

    def pause_subscription(self, subscription: str, reason: str) -> dict[str, Any]:
        """Pauses a subscription."""
        self.client.pause_subscription(subscription, reason)
        return {}

    def resume_subscription(self, subscription: str) -> dict[str, Any]:
        """Resumes a subscription."""
        self.client.resume_subscription(subscription)
        return {}

    def delete_subscription(self, subscription: str) -> dict[str, Any]:
        """Deletes a subscription."""
        self.client.delete_subscription(subscription)
        return {}

    def seek_subscription(
        self,
        subscription: str,
        start: str | None = None,
        time_unix_ms: str | None = None,
        snapshot: str | None = None,
        topic: str | None = None,
        offset: str = "0",
    ) -> dict[str, Any]:
        """Moves a subscription."""
        self.client.seek_subscription(
            subscription,
            start=start if time_unix_ms is None else int(time_unix_ms),
            snapshot=snapshot,
            topic=topic,
            offset=int(offset),
        )
        return {}

    def create_snapshot(self, snapshot: str, subscription: str) -> dict[str, Any]:
        """Remembers a position."""
        self.client.create_snapshot(snapshot, subscription)
        return {}

    def list_snapshots(self, subscription: str) -> dict[str, Any]:
        """Lists remembered positions."""
        return {"snapshots": [found.name for found in self.client.list_snapshots(subscription)]}

    def delete_snapshot(self, snapshot: str) -> dict[str, Any]:
        """Forgets a position."""
        self.client.delete_snapshot(snapshot)
        return {}

    def get_accounting(self, subscription: str) -> dict[str, Any]:
        """Says where every event is."""
        counts = dataclasses.asdict(self.client.get_accounting(subscription))
        return {name: str(value) for name, value in counts.items()}

    def await_accounting(self, subscription: str, **wanted: str) -> dict[str, Any]:
        """Waits until the accounting says something."""
        until_true(lambda: wanted.items() <= self.get_accounting(subscription).items())
        return self.get_accounting(subscription)

    def list_blocked_keys(self, subscription: str) -> dict[str, Any]:
        """Lists keys that stand still."""
        keys = [dataclasses.asdict(key) for key in self.client.list_blocked_keys(subscription)]
        last_due_ms = max((key["due_time_unix_ms"] for key in keys), default=0)
        texts = ("sequence", "due_time_unix_ms")
        return {
            "keys": [{**key, **{name: str(key[name]) for name in texts}} for key in keys],
            "longest_wait_ms": max(0, last_due_ms - unix_ms()),
        }

    def skip_events(
        self, subscription: str, sequence: str, first_index: int = 0, last_index: int | None = None
    ) -> dict[str, Any]:
        """Skips events."""
        place = (int(sequence), int(first_index), None if last_index is None else int(last_index))
        return {"skipped": self.client.skip_events(subscription, *place)}

    def release_key(self, subscription: str, ordering_key: str) -> dict[str, Any]:
        """Releases a key."""
        self.client.release_key(subscription, ordering_key)
        return {}

    def await_no_subscription(self, subscription: str) -> dict[str, Any]:
        """Waits until a subscription is gone."""
        until_true(lambda: not self._is_there(subscription))
        return {}

    def _is_there(self, subscription: str) -> bool:
        try:
            # What changes nothing says whether it is there.
            self.client.resume_subscription(subscription)
        except PubSubError as error:
            if error.reason == "SUBSCRIPTION_NOT_FOUND":
                return False
            raise
        return True
