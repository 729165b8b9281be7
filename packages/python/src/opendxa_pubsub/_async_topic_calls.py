"""Topics and their settings, for asyncio."""

from typing import Unpack

from opendxa_pubsub._async_calls import AsyncCalls
from opendxa_pubsub._gen.opendxa.pubsub.v1 import topic_service_pb2 as topic_pb
from opendxa_pubsub._message import message
from opendxa_pubsub._options import ChangeableTopicSettings
from opendxa_pubsub._topic_requests import topic_settings, topic_update


class AsyncTopicCalls(AsyncCalls):
    """Creates, changes and deletes topics."""

    async def create_topic(
        self,
        name: str,
        *,
        partitions: int = 1,
        index: str | None = None,
        dedup_window_ms: int = 0,
        dedup_ids_max: int = 0,
        retention_ms: int = 0,
        retention_bytes: int = 0,
        durability: str | None = None,
    ) -> bool:
        """Creates a topic, or finds it with the same settings.

        Args:
            name: Topic name.
            partitions: 1 to 1,024, fixed from then on.
            index: ``none``, ``id`` or ``id_and_correlation``; None: the broker's default.
            dedup_window_ms: How long event ids are remembered, in milliseconds; 0: not.
            dedup_ids_max: How many are remembered at most, the newest; 0: the default of 1,000,000.
                Says nothing without ``dedup_window_ms``.
            retention_ms: Events older than this may be dropped, in milliseconds; 0: the default.
            retention_bytes: Beyond so many bytes the oldest events may be dropped; 0: no bound.
            durability: ``fsync`` or ``os``: before what a publish is acknowledged; None: ``fsync``.

        Returns:
            Whether it was created; False when it existed.

        Raises:
            PubSubExistsError: It exists with other settings.
        """
        settings = topic_settings(
            partitions=partitions,
            index=index,
            dedup_window_ms=dedup_window_ms,
            dedup_ids_max=dedup_ids_max,
            retention_ms=retention_ms,
            retention_bytes=retention_bytes,
            durability=durability,
        )
        answer = await self._call(
            self._stubs.topic.CreateTopic,
            message(
                topic_pb.CreateTopicRequest,
                namespace=self._namespace,
                name=name,
                settings=settings,
            ),
        )
        return not answer.existed

    async def update_topic(self, name: str, **settings: Unpack[ChangeableTopicSettings]) -> None:
        """Changes settings of a topic: those that are given.

        Args:
            name: Topic name.
            **settings: As for :meth:`create_topic`; 0 or None is the default.

        Raises:
            PubSubError: TOPIC_NOT_FOUND, or BAD_REQUEST for a value out of range.
        """
        await self._call(
            self._stubs.topic.UpdateTopic,
            topic_update(self._namespace, name, settings),
        )

    async def delete_topic(self, name: str) -> None:
        """Deletes a topic and its events; its name is free at once.

        Args:
            name: Topic name.

        Raises:
            PubSubError: TOPIC_NOT_FOUND.
        """
        await self._call(
            self._stubs.topic.DeleteTopic,
            message(topic_pb.DeleteTopicRequest, namespace=self._namespace, name=name),
        )
