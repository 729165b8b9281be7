"""Reading what is stored, for threads."""

from collections.abc import Iterator

import grpc

from opendxa_pubsub._batch import decode_batch
from opendxa_pubsub._calls import Calls
from opendxa_pubsub._errors import error_from_grpc
from opendxa_pubsub._gen.opendxa.pubsub.v1 import query_service_pb2 as query_pb
from opendxa_pubsub._limits import PAGE_SIZE
from opendxa_pubsub._message import message
from opendxa_pubsub._stored_event import StoredEvent, stored_event


class ReadingCalls(Calls):
    """Reads events without a subscription and without changing anything."""

    def read(
        self,
        topic: str,
        *,
        offset: int = 0,
        partition: int = 0,
        events_max: int = 0,
        follow: bool = False,
    ) -> Iterator[StoredEvent]:
        """Reads stored events of one topic-partition in order, without a subscription.

        Args:
            topic: Topic name.
            offset: First offset.
            partition: Partition.
            events_max: Ends after so many; 0: no bound.
            follow: Goes on with new events instead of ending at the newest one.

        Yields:
            The events.

        Raises:
            PubSubError: TOPIC_NOT_FOUND, PARTITION_INVALID, OFFSET_OUT_OF_RANGE.
        """
        request = message(
            query_pb.ReadEventsRequest,
            namespace=self._namespace,
            topic=topic,
            partition=partition,
            offset=offset,
            events_max=events_max,
            follow=follow,
        )
        self._check_open()
        call = self._stubs.query.ReadEvents(request, wait_for_ready=True)
        try:
            for answer in call:
                for read in answer.batches:
                    yield from decode_batch(read.batch, read.selected)
        except grpc.RpcError as error:
            self._check_open()
            raise error_from_grpc(error) from error
        finally:
            call.cancel()

    def events_by_correlation_id(self, correlation_id: str) -> Iterator[StoredEvent]:
        """Every indexed event of a correlation id, over all topics, in the order of storing.

        Args:
            correlation_id: The id; that of an execution is the execution id where none was chosen.

        Yields:
            The events.
        """
        token = ""
        while True:
            request = message(
                query_pb.ListCorrelatedEventsRequest,
                namespace=self._namespace,
                correlation_id=correlation_id,
                page_size=PAGE_SIZE,
                page_token=token,
            )
            page = self._call(self._stubs.query.ListCorrelatedEvents, request)
            for event in page.events:
                yield stored_event(event)
            token = page.next_page_token
            if not token:
                return
