"""Requests about topics."""

from opendxa_pubsub._arguments import choice, known_options, whole
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2, topic_service_pb2
from opendxa_pubsub._limits import UINT32_MAX, UINT64_MAX
from opendxa_pubsub._message import message
from opendxa_pubsub._options import ChangeableTopicSettings

_DURABILITIES = {
    None: publisher_service_pb2.DURABILITY_UNSPECIFIED,
    "fsync": publisher_service_pb2.DURABILITY_FSYNC,
    "os": publisher_service_pb2.DURABILITY_OS,
}
_INDEXES = {
    None: topic_service_pb2.TOPIC_INDEX_UNSPECIFIED,
    "none": topic_service_pb2.TOPIC_INDEX_NONE,
    "id": topic_service_pb2.TOPIC_INDEX_ID,
    "id_and_correlation": topic_service_pb2.TOPIC_INDEX_ID_AND_CORRELATION,
}


def topic_settings(
    *,
    partitions: int = 0,
    index: str | None = None,
    dedup_window_ms: int = 0,
    dedup_ids_max: int = 0,
    retention_ms: int = 0,
    retention_bytes: int = 0,
    durability: str | None = None,
) -> topic_service_pb2.TopicSettings:
    """Settings of a topic; what is 0 or None takes the broker's default."""
    window_ms = whole("dedup_window_ms", dedup_window_ms, 0, UINT64_MAX)
    ids_max = whole("dedup_ids_max", dedup_ids_max, 0, UINT32_MAX)
    settings = message(
        topic_service_pb2.TopicSettings,
        partitions=partitions,
        index=choice("index", index, _INDEXES),
        retention_ms=retention_ms,
        retention_bytes=retention_bytes,
        durability=choice("durability", durability, _DURABILITIES),
    )
    if window_ms:
        settings.dedup.window_ms = window_ms
        settings.dedup.ids_max = ids_max
    return settings


def topic_update(
    namespace: str, name: str, settings: ChangeableTopicSettings
) -> topic_service_pb2.UpdateTopicRequest:
    """What changes the given settings of a topic."""
    known_options(settings, ChangeableTopicSettings.__optional_keys__)
    return message(
        topic_service_pb2.UpdateTopicRequest,
        namespace=namespace,
        name=name,
        settings=topic_settings(**settings),
        fields=list(
            dict.fromkeys("dedup" if field.startswith("dedup_") else field for field in settings)
        ),
    )
