import dataclasses

from opendxa_pubsub import OutgoingEvent, ReceivedEvent
from opendxa_pubsub._batch import encode_batch
from opendxa_pubsub._errors import pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscriber_service_pb2 as pb
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2 as subscription_pb
from opendxa_pubsub._limits import SETTLEMENT_ITEMS_MAX
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
    reopen(session, order)
    return session


def reopen(session: SubscribeSession, order: "subscription_pb.DeliveryOrder") -> None:
    settings = subscription_pb.SubscriptionSettings(order=order)
    subscription = subscription_pb.Subscription(settings=settings)
    session.receive(pb.SubscribeResponse(opened=pb.SubscribeOpened(subscription=subscription)))


def deliver(
    session: SubscribeSession, keys: str, topic: str = "t", *, lease: int = 7, offset: int = 0
) -> None:
    events = [OutgoingEvent(id=str(i), type="t", ordering_key=key) for i, key in enumerate(keys)]
    batch = encode_batch(topic, events)
    batch.base_offset = offset
    delivered = pb.DeliveredBatch(
        lease=lease,
        sequence=5,
        first_index=3,
        batch=batch,
        attempt=2,
        lease_end_unix_ms=1_234,
    )
    session.receive(pb.SubscribeResponse(delivery=pb.Delivery(batches=[delivered])))


def take_all(session: SubscribeSession) -> list[tuple[str, str | None, int]]:
    taken: list[tuple[str, str | None, int]] = []
    while (event := session.take()) is not None:
        taken.append((event.topic, event.ordering_key, event.lease))
    return taken


def nack_first(session: SubscribeSession) -> publisher_service_pb2.PositionRanges:
    event = session.take()
    assert event is not None
    event.nack()
    message = session.next_message()
    assert isinstance(message, pb.SubscribeRequest)
    (nack,) = message.settlement.nacks
    assert len(nack.events.ranges) == 1
    return nack.events


def verdicts(
    session: SubscribeSession,
    *refused: publisher_service_pb2.PositionRanges,
    through: int = 1,
    verdict: "pb.Verdict" = pb.VERDICT_STALE,
    kind: "pb.SettlementKind" = pb.SETTLEMENT_KIND_ACK,
) -> None:
    exceptions = [
        pb.SettlementException(events=events, verdict=verdict, number=through, kind=kind)
        for events in refused
    ]
    answer = pb.Verdicts(through_number=through, exceptions=exceptions)
    session.receive(pb.SubscribeResponse(verdicts=answer))


def test_an_event_names_its_lease_and_position() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "ab")
    session.take()
    event = session.take()
    assert event is not None
    found = (event.lease, event.lease_end_unix_ms, event.sequence, event.entry_index, event.attempt)
    assert found == (7, 1_234, 5, 4, 2)


def test_a_nack_takes_back_what_waits_of_its_key_with_its_verdict() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_KEY)
    deliver(session, "abaab")
    deliver(session, "a", topic="other")
    nack_first(session)
    assert take_all(session) == [("t", "b", 7), ("t", "b", 7), ("other", "a", 7)]
    assert not session.ready
    verdicts(session)
    assert take_all(session) == []
    credit = session.next_message()
    assert isinstance(credit, pb.SubscribeRequest)
    assert credit.credit.bytes > 0


def test_a_stale_nack_takes_nothing_back_for_it_may_be_leased_anew() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_KEY)
    deliver(session, "aa")
    refused = nack_first(session)
    assert not session.ready
    verdicts(session, refused, kind=pb.SETTLEMENT_KIND_NACK)
    assert session.stale == 1
    assert take_all(session) == [("t", "a", 7)]


def test_what_comes_again_stands_for_the_verdict_on_its_nack() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_KEY)
    deliver(session, "aa")
    nack_first(session)
    deliver(session, "aa", lease=8)
    verdicts(session)
    assert take_all(session) == [("t", "a", 8), ("t", "a", 8)]


def test_what_comes_again_takes_back_what_waits_behind_it() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_KEY)
    deliver(session, "abaa")
    refused = nack_first(session)
    deliver(session, "a", lease=8, offset=2)
    deliver(session, "a", lease=9, offset=3)
    verdicts(session, refused, kind=pb.SETTLEMENT_KIND_NACK)
    assert take_all(session) == [("t", "b", 7), ("t", "a", 8), ("t", "a", 9)]


def test_without_order_a_nack_takes_nothing_back() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "aaa")
    event = session.take()
    assert event is not None
    event.nack()
    assert len(take_all(session)) == 2


def positions(*spans: tuple[int, int]) -> publisher_service_pb2.PositionRanges:
    ranges = [publisher_service_pb2.IndexRange(first=first, last=last) for first, last in spans]
    return publisher_service_pb2.PositionRanges(lease=7, sequence=5, ranges=ranges)


def take(session: SubscribeSession, count: int) -> list[ReceivedEvent]:
    events = [event for _ in range(count) if (event := session.take()) is not None]
    assert len(events) == count
    return events


def test_every_word_has_its_outcome() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "abcde")
    acked, nacked, extended, kept, silent = take(session, 5)
    acked.ack()
    nacked.nack("busy")
    extended.extend()
    extended.ack()
    kept.extend()
    assert isinstance(session.next_message(), pb.SubscribeRequest)
    assert {event.outcome for event in (acked, nacked, extended, kept, silent)} == {None}
    verdicts(session, positions((3, 3), (5, 5)))
    assert (acked.outcome, nacked.outcome, extended.outcome) == ("stale", "settled", "stale")
    assert (kept.outcome, silent.outcome) == ("settled", None)
    kept.ack()
    assert kept.outcome is None
    session.next_message()
    verdicts(session, positions(), through=2, verdict=pb.VERDICT_UNKNOWN)
    assert kept.outcome == "unknown"


def test_an_extension_is_not_the_answer_to_an_ack() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "a")
    (event,) = take(session, 1)
    event.extend()
    session.next_message()
    event.ack()
    verdicts(session)
    assert event.outcome is None
    session.next_message()
    verdicts(session, through=2)
    assert event.outcome == "settled"


def test_an_extension_that_came_too_late_says_nothing_of_the_late_ack_behind_it() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "a")
    (event,) = take(session, 1)
    event.extend()
    event.ack()
    session.next_message()
    verdicts(session, positions(), kind=pb.SETTLEMENT_KIND_EXTENSION)
    assert event.outcome == "settled"


def test_a_subscription_that_was_opened_is_asked_for_by_its_name() -> None:
    settings = subscription_pb.SubscriptionSettings(patterns=["t"])
    session = SubscribeSession(dataclasses.replace(OPTIONS, settings=settings))
    assert opening(session).settings == settings
    reopen(session, subscription_pb.DELIVERY_ORDER_NONE)
    assert session.ended(pubsub_error("CONNECTION_LOST", "gone"))
    assert not opening(session).HasField("settings")
    assert session.ended(pubsub_error("SUBSCRIPTION_NOT_FOUND", "expired meanwhile"))
    assert opening(session).settings == settings
    assert session.ended(pubsub_error("SUBSCRIPTION_EXISTS", "somebody else's by now"))
    assert not opening(session).HasField("settings")
    assert session.ended(pubsub_error("SUBSCRIPTION_NOT_FOUND", "expired again"))
    assert not session.ended(pubsub_error("SUBSCRIPTION_NOT_FOUND", "not to be created"))
    other = SubscribeSession(dataclasses.replace(OPTIONS, settings=settings))
    assert not other.ended(pubsub_error("SUBSCRIPTION_EXISTS", "with other settings"))


def opening(session: SubscribeSession) -> pb.SubscribeOpen:
    message = session.opening()
    assert isinstance(message, pb.SubscribeRequest)
    return message.open


def test_what_ends_for_good_answers_nothing_more() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "ab")
    sent, waiting = take(session, 2)
    sent.ack()
    session.next_message()
    waiting.ack()
    session.ended(pubsub_error("CONNECTION_LOST", "gone"))
    assert (sent.outcome, waiting.outcome) == (None, None)
    session.ended(pubsub_error("SUBSCRIPTION_NOT_FOUND", "deleted"))
    assert (sent.outcome, waiting.outcome) == ("lost", "lost")
    assert session.is_drained()


def test_what_is_said_after_the_end_is_lost() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "a")
    (event,) = take(session, 1)
    session.ended(pubsub_error("SUBSCRIPTION_NOT_FOUND", "deleted"))
    event.ack()
    assert event.outcome == "lost"
    assert session.is_drained()


def test_acks_alone_are_said_again_on_the_next_stream() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_KEY)
    deliver(session, "aabcd")
    nacked, _, acked, extended, later = take(session, 5)
    nacked.nack()
    acked.ack()
    session.next_message()
    extended.extend()
    later.ack()
    session.ended(pubsub_error("CONNECTION_LOST", "gone"))
    assert (nacked.outcome, extended.outcome) == ("stale", "stale")
    assert (acked.outcome, later.outcome) == (None, None)
    reopen(session, subscription_pb.DELIVERY_ORDER_KEY)
    message = session.next_message()
    assert isinstance(message, pb.SubscribeRequest)
    assert message.settlement.number == 1
    assert not message.settlement.nacks
    assert not message.settlement.extensions
    (acks,) = message.settlement.acks
    assert len(acks.ranges) == 2
    deliver(session, "a", lease=8)
    assert take_all(session) == [("t", "a", 8)]


def test_a_settlement_has_no_more_ranges_than_a_broker_takes() -> None:
    session = opened(subscription_pb.DELIVERY_ORDER_NONE)
    deliver(session, "a" * (2 * SETTLEMENT_ITEMS_MAX + 6))
    events = take(session, 2 * SETTLEMENT_ITEMS_MAX + 6)
    for event in (*events[:4], *events[4::2]):
        event.ack()
    ranges = []
    for _ in range(2):
        message = session.next_message()
        assert isinstance(message, pb.SubscribeRequest)
        (acks,) = message.settlement.acks
        ranges.append(len(acks.ranges))
    assert ranges == [SETTLEMENT_ITEMS_MAX, 1]
    verdicts(session, through=2)
    assert {event.outcome for event in (*events[:4], *events[4::2])} == {"settled"}
