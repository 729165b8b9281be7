"""The broker itself, for threads."""

from opendxa_pubsub._broker_facts import BrokerFacts, broker_facts
from opendxa_pubsub._calls import Calls
from opendxa_pubsub._gen.opendxa.pubsub.v1 import broker_service_pb2 as broker_pb


class BrokerCalls(Calls):
    """Asks what the broker is."""

    def get_broker(self) -> BrokerFacts:
        """Asks what the broker is and can do, and how far its indexes are behind.

        Raises:
            PubSubTimeoutError: It did not answer within the client's time.
        """
        request = broker_pb.GetBrokerRequest()
        return broker_facts(self._call(self._stubs.broker.GetBroker, request))
