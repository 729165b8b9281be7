from opendxa_pubsub import OutgoingEvent
from opendxa_pubsub._batch import encode_batch
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscriber_service_pb2 as pb
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2 as subscription_pb
from opendxa_pubsub._subscribe_session import SubscribeOptions, SubscribeSession

OPTIONS = SubscribeOptions(
    namespace="",
    subscription="s",
    settings=None,
    consumer_name="",
    credit_bytes=100,
    credit_events=10,
    keeps_leases=False,
)


def opened(order: "subscription_pb.DeliveryOrder") -> SubscribeSession:
    session = SubscribeSession(OPTIONS)
    settings = subscription_pb.SubscriptionSettings(order=order)
    subscription = subscription_pb.Subscription(settings=settings)
    session.receive(pb.SubscribeResponse(opened=pb.SubscribeOpened(subscription=subscription)))
    return session


def deliver(session: SubscribeSession, keys: str, topic: str = "t") -> None:
    events = [OutgoingEvent(id=str(i), type="t", ordering_key=key) for i, key in enumerate(keys)]
    delivered = pb.DeliveredBatch(
        lease=7,
        sequence=5,
        first_index=3,
        batch=encode_batch(topic, events),
        attempt=2,
        lease_end_unix_ms=1_234,
    )
    session.receive(pb.SubscribeResponse(delivery=pb.Delivery(batches=[delivered])))


def test_an_event_names_its_lease_and_position() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "ab")
    session.take()
    event = session.take()
    assert event is not None
    found = (event.lease, event.lease_end_unix_ms, event.sequence, event.entry_index, event.attempt)
    assert found == (7, 1_234, 5, 4, 2)


def test_a_nack_takes_back_what_waits_of_its_key_where_order_is_kept() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_KEY)
    deliver(session, "abaab")
    deliver(session, "a", topic="other")
    event = session.take()
    assert event is not None
    event.nack()
    rest = [session.take() for _ in range(session.ready)]
    assert [(e.topic, e.ordering_key) for e in rest if e is not None] == [
        ("t", "b"),
        ("t", "b"),
        ("other", "a"),
    ]
    settlement = session.next_message()
    assert isinstance(settlement, pb.SubscribeRequest)
    assert [len(nack.events.ranges) for nack in settlement.settlement.nacks] == [1]
    credit = session.next_message()
    assert isinstance(credit, pb.SubscribeRequest)
    assert credit.credit.bytes > 0


def test_without_order_a_nack_takes_nothing_back() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "aaa")
    event = session.take()
    assert event is not None
    event.nack()
    assert session.ready == 2
