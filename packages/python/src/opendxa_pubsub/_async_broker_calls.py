"""The broker itself, for asyncio."""

from opendxa_pubsub._async_calls import AsyncCalls
from opendxa_pubsub._broker_facts import BrokerFacts, broker_facts
from opendxa_pubsub._gen.opendxa.pubsub.v1 import broker_service_pb2 as broker_pb


class AsyncBrokerCalls(AsyncCalls):
    """Asks what the broker is."""

    async def get_broker(self) -> BrokerFacts:
        """Asks what the broker is and can do, and how far its indexes are behind.

        Raises:
            PubSubTimeoutError: It did not answer within the client's time.
        """
        request = broker_pb.GetBrokerRequest()
        return broker_facts(await self._call(self._stubs.broker.GetBroker, request))
