"""What the broker answers to a publish."""

from dataclasses import dataclass

from opendxa_pubsub._bitmap import indexes_of, is_selected
from opendxa_pubsub._errors import PubSubError, pubsub_error, reason_name
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2, publisher_service_pb2


@dataclass(slots=True, frozen=True)
class PublishReceipt:
    """Where an acknowledged event lies.

    Attributes:
        topic: Topic.
        partition: Partition of the topic.
        offset: Offset in the topic-partition; None while the event waits for its deliver time.
        id: The event's id, derived from the producer where none was given.
        duplicate: The event was stored earlier already, at this offset.
        scheduled: The event waits for its deliver time.
        durability: ``fsync``, or ``os`` on topics that are configured so.
    """

    topic: str
    partition: int
    offset: int | None
    id: str
    duplicate: bool
    scheduled: bool
    durability: str


def outcomes_of(
    batch: batch_pb2.RecordBatch,
    ids: list[str | None],
    result: publisher_service_pb2.BatchResult,
) -> list[PublishReceipt | PubSubError]:
    """What became of each event of a batch.

    Args:
        batch: The batch as it was sent.
        ids: Ids that the events stated.
        result: The broker's answer to it.
    """
    if result.HasField("refusal"):
        refusal = result.refusal
        reason = reason_name(refusal.reason)
        return [
            pubsub_error(reason, refusal.message, dict(refusal.metadata))
            for _ in range(batch.count)
        ]
    refusals = {refusal.index: refusal for refusal in result.refusals}
    originals = dict(zip(indexes_of(result.duplicates), result.duplicate_offsets, strict=False))
    durable = result.durability != publisher_service_pb2.DURABILITY_OS
    outcomes: list[PublishReceipt | PubSubError] = []
    for index, stated in enumerate(ids):
        if is_selected(result.refused, index):
            outcomes.append(_refused(index, refusals.get(index)))
            continue
        offset = originals.get(index, result.base_offset + index)
        outcomes.append(
            PublishReceipt(
                topic=batch.topic,
                partition=batch.partition,
                offset=None if result.scheduled else offset,
                id=stated or f"{batch.producer_id.hex()}-{batch.base_sequence + index}",
                duplicate=is_selected(result.duplicates, index),
                scheduled=result.scheduled,
                durability="fsync" if durable else "os",
            )
        )
    return outcomes


def _refused(index: int, refusal: publisher_service_pb2.EventRefusal | None) -> PubSubError:
    if refusal is None:
        return pubsub_error("EVENT_INVALID", "refused", {"index": index})
    metadata = {"index": index, "field": refusal.field, "rule": refusal.rule}
    return pubsub_error(reason_name(refusal.reason), f"{refusal.field}: {refusal.rule}", metadata)
