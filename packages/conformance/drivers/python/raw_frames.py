"""Calls of the contract that the client's words do not let through as they are."""

from typing import Any

import grpc
from opendxa_pubsub import PubSubClient
from opendxa_pubsub._batch import BatchProducer, encode_batch
from opendxa_pubsub._bitmap import indexes_of
from opendxa_pubsub._errors import error_from_grpc, pubsub_error, reason_name
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2 as pb
from opendxa_pubsub._gen.opendxa.pubsub.v1 import topic_service_pb2
from wire import event_of


class RawFrames:
    """Sends frames and opens producers through the stubs of one client."""

    client: PubSubClient

    def get_topic(self, topic: str) -> dict[str, Any]:
        """Settings of a topic."""
        request = topic_service_pb2.GetTopicRequest(name=topic)
        dedup = self.client._stubs.topic.GetTopic(request).topic.settings.dedup
        return {"dedup_window_ms": str(dedup.window_ms), "dedup_ids_max": dedup.ids_max}

    def get_producer(self) -> dict[str, Any]:
        """The producer that the client publishes as."""
        return {"id": self.client._publisher.producer_id.hex()}

    def open_producer(self, id: str) -> dict[str, Any]:
        """Opens a stream as a producer, which fences its earlier ones."""
        opening = pb.PublishStreamRequest(open=pb.PublishOpen(producer_id=bytes.fromhex(id)))
        try:
            answer = next(self.client._stubs.publisher.PublishStream(iter([opening])))
        except grpc.RpcError as failure:
            raise error_from_grpc(failure) from failure
        return {"epoch": answer.opened.producer_epoch}

    def publish_frame(
        self,
        topic: str,
        events: list[dict[str, Any]],
        producer: dict[str, Any] | None = None,
        copies: int = 1,
        atomic: bool = False,
        set: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Sends a frame whose batches' fields the case may spoil."""
        batch = encode_batch(
            topic, [event_of(event) for event in events], producer=_producer(producer)
        )
        for field, value in (set or {}).items():
            setattr(batch, field, int(value))
        frame = pb.PublishFrame(batches=[batch] * copies, atomic=atomic)
        try:
            answer = self.client._stubs.publisher.Publish(pb.PublishRequest(frame=frame))
        except grpc.RpcError as failure:
            raise error_from_grpc(failure) from failure
        return {"results": [_result_json(result) for result in answer.results]}


def _producer(stated: dict[str, Any] | None) -> BatchProducer | None:
    if stated is None:
        return None
    return BatchProducer(bytes.fromhex(stated["id"]), stated["epoch"], int(stated["base_sequence"]))


def _result_json(result: pb.BatchResult) -> dict[str, Any]:
    if result.HasField("refusal"):
        refusal = result.refusal
        raise pubsub_error(reason_name(refusal.reason), refusal.message, dict(refusal.metadata))
    return {
        "base_offset": str(result.base_offset),
        "duplicates": list(indexes_of(result.duplicates)),
        "refusals": [
            {
                "index": refusal.index,
                "reason": reason_name(refusal.reason),
                "field": refusal.field,
                "rule": refusal.rule,
            }
            for refusal in result.refusals
        ],
    }
