"""Client of the OpenDXA pub/sub broker.

Durable events between programs in several languages, and delayed feedback that finds the execution
it is about. Begin with :class:`PubSubClient`::

    from opendxa_pubsub import PubSubClient

    with PubSubClient() as client:
        client.subscribe("feedback", lambda event: print(event.json()))
        client.publish("feedback", {"function_id": "detect_drift", "execution_id": "x-1"})
        client.wait(5)
"""

from opendxa_pubsub._ack_and_publish import AckAndPublishOutcome
from opendxa_pubsub._async_client import AsyncPubSubClient
from opendxa_pubsub._async_subscription import AsyncSubscription
from opendxa_pubsub._broker_facts import BrokerFacts, IndexLag
from opendxa_pubsub._client import PubSubClient
from opendxa_pubsub._errors import (
    PubSubClosedError,
    PubSubError,
    PubSubExistsError,
    PubSubInvalidError,
    PubSubNotFoundError,
    PubSubOverloadedError,
    PubSubTimeoutError,
    PubSubUnavailableError,
)
from opendxa_pubsub._leases import SettlementOutcome
from opendxa_pubsub._options import PublishOptions, SubscriptionOptions
from opendxa_pubsub._outgoing_event import EventMetadata, OutgoingEvent
from opendxa_pubsub._publishable import FeedbackEvent, LearningEvent, Publishable
from opendxa_pubsub._receipt import PublishReceipt
from opendxa_pubsub._received_event import ReceivedEvent
from opendxa_pubsub._requests import Execution, FeedbackResult, WaitResult
from opendxa_pubsub._stored_event import StoredEvent
from opendxa_pubsub._subscription import Subscription
from opendxa_pubsub._subscription_requests import Accounting, BlockedKey, Snapshot

__all__ = [
    "Accounting",
    "AckAndPublishOutcome",
    "AsyncPubSubClient",
    "AsyncSubscription",
    "BlockedKey",
    "BrokerFacts",
    "EventMetadata",
    "Execution",
    "FeedbackEvent",
    "FeedbackResult",
    "IndexLag",
    "LearningEvent",
    "OutgoingEvent",
    "PubSubClient",
    "PubSubClosedError",
    "PubSubError",
    "PubSubExistsError",
    "PubSubInvalidError",
    "PubSubNotFoundError",
    "PubSubOverloadedError",
    "PubSubTimeoutError",
    "PubSubUnavailableError",
    "PublishOptions",
    "PublishReceipt",
    "Publishable",
    "ReceivedEvent",
    "SettlementOutcome",
    "Snapshot",
    "StoredEvent",
    "Subscription",
    "SubscriptionOptions",
    "WaitResult",
]
