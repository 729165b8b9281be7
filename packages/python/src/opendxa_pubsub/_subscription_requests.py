"""Builds what opens and creates subscriptions, for both clients."""

import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from opendxa_pubsub._arguments import (
    bad_argument,
    flag,
    is_whole,
    known_options,
    text,
    texts,
    whole,
)
from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2 as subscription_pb
from opendxa_pubsub._limits import (
    CREDIT_BYTES_DEFAULT,
    CREDIT_EVENTS_DEFAULT,
    CREDIT_EVENTS_MAX,
    INT64_MAX,
    INT64_MIN,
    OWN_SUBSCRIPTION_EXPIRY_MS,
    PAGE_SIZE,
    SUBSCRIPTIONS_MAX,
    UINT32_MAX,
)
from opendxa_pubsub._message import message
from opendxa_pubsub._options import ChangeableSubscriptionSettings, SubscriptionOptions
from opendxa_pubsub._subscribe_session import SubscribeOptions

_START_RULE = "'latest', 'earliest' or milliseconds since the Unix epoch"
_FIELDS = {"retry_min_ms": "retry", "retry_max_ms": "retry"}


@dataclasses.dataclass(slots=True, frozen=True)
class Snapshot:
    """A remembered position of a subscription.

    Attributes:
        name: Its name.
        subscription: Subscription that it was taken of.
        create_time_unix_ms: When, milliseconds since the Unix epoch.
        cursor_sequence: Journal sequence before which everything was settled.
    """

    name: str
    subscription: str
    create_time_unix_ms: int
    cursor_sequence: int


def snapshot_of(found: subscription_pb.Snapshot) -> Snapshot:
    """A snapshot as the broker describes it."""
    return Snapshot(
        found.name, found.subscription, found.create_time_unix_ms, found.cursor_sequence
    )


@dataclasses.dataclass(slots=True, frozen=True)
class Accounting:
    """Where every event of a subscription's epoch is.

    Attributes:
        sequence: Journal sequence at which the numbers hold.
        epoch: Epoch that they count.
        entered: Events that entered the subscription: the sum of the following ones.
        acked: Acked.
        dead_lettered: Copied to the dead-letter topic.
        expired: Left by expiry or retention before they were settled.
        filtered: Did not match the filter.
        skipped: Skipped by an operator.
        leased: Leased to consumers now.
        waiting: Waiting for a consumer or a retry.
        unexamined: Not looked at yet.
    """

    sequence: int
    epoch: int
    entered: int
    acked: int
    dead_lettered: int
    expired: int
    filtered: int
    skipped: int
    leased: int
    waiting: int
    unexamined: int


@dataclasses.dataclass(slots=True, frozen=True)
class BlockedKey:
    """An ordering key whose first unsettled event keeps the later ones waiting.

    Attributes:
        ordering_key: The key.
        topic: Topic; a key's scope is one topic-partition.
        partition: Partition.
        sequence: Sequence of its first unsettled event.
        index: Index of it in its entry.
        attempts: Attempts so far.
        due_time_unix_ms: Next attempt, milliseconds since the Unix epoch.
        reason: Reason of the last nack.
        held: Events of the key that wait behind it and were looked at.
    """

    ordering_key: str
    topic: str
    partition: int
    sequence: int
    index: int
    attempts: int
    due_time_unix_ms: int
    reason: str
    held: int


def accounting_of(found: subscription_pb.GetAccountingResponse) -> Accounting:
    """The broker's answer."""
    return Accounting(
        **{each.name: getattr(found, each.name) for each in dataclasses.fields(Accounting)}
    )


def blocked_key_of(found: subscription_pb.BlockedKey) -> BlockedKey:
    """A blocked key as the broker describes it."""
    return BlockedKey(
        **{each.name: getattr(found, each.name) for each in dataclasses.fields(BlockedKey)}
    )


def start_position(start: str | int) -> subscription_pb.StartPosition:
    """Where a subscription begins."""
    if isinstance(start, str) and start in ("latest", "earliest"):
        return message(subscription_pb.StartPosition, **{start: True})
    if is_whole(start, INT64_MIN, INT64_MAX):
        return message(subscription_pb.StartPosition, time_unix_ms=start)
    raise bad_argument("start", _START_RULE)


def update_request(
    namespace: str, name: str, settings: ChangeableSubscriptionSettings
) -> subscription_pb.UpdateSubscriptionRequest:
    """What changes the given settings of a subscription."""
    known_options(settings, ChangeableSubscriptionSettings.__optional_keys__)
    return message(
        subscription_pb.UpdateSubscriptionRequest,
        namespace=namespace,
        name=name,
        settings=subscription_settings((), **settings),
        fields=sorted({_FIELDS.get(field, field) for field in settings}),
    )


def seek_request(
    namespace: str,
    name: str,
    *,
    start: str | int | None,
    sequence: int | None,
    snapshot: str | None,
    topic: str | None,
    partition: int,
    offset: int,
) -> subscription_pb.SeekSubscriptionRequest:
    """What moves a subscription; see ``PubSubClient.seek_subscription``."""
    targets = (start, sequence, snapshot, topic)
    if sum(target is not None for target in targets) != 1:
        raise bad_argument("start", "exactly one of start, sequence, snapshot and topic")
    place = message(
        subscription_pb.TopicOffset,
        topic="" if topic is None else topic,
        partition=partition,
        offset=offset,
    )
    target: dict[str, Any] = {"offset": place}
    if start is not None:
        target = {"position": start_position(start)}
    elif sequence is not None:
        target = {"position": message(subscription_pb.StartPosition, sequence=sequence)}
    elif snapshot is not None:
        target = {"snapshot": snapshot}
    return message(
        subscription_pb.SeekSubscriptionRequest, namespace=namespace, name=name, **target
    )


def snapshot_request(
    namespace: str, name: str, subscription: str
) -> subscription_pb.CreateSnapshotRequest:
    """What remembers the position of a subscription."""
    return message(
        subscription_pb.CreateSnapshotRequest,
        namespace=namespace,
        name=name,
        subscription=subscription,
    )


def snapshots_request(
    namespace: str, subscription: str, page_token: str
) -> subscription_pb.ListSnapshotsRequest:
    """A page of snapshots."""
    return message(
        subscription_pb.ListSnapshotsRequest,
        namespace=namespace,
        subscription=subscription,
        page_size=PAGE_SIZE,
        page_token=page_token,
    )


def accounting_request(namespace: str, name: str) -> subscription_pb.GetAccountingRequest:
    """Where every event of a subscription is."""
    return message(
        subscription_pb.GetAccountingRequest, namespace=namespace, subscription=text("name", name)
    )


def blocked_keys_request(
    namespace: str, name: str, page_token: str
) -> subscription_pb.ListBlockedKeysRequest:
    """A page of the keys that stand still."""
    return message(
        subscription_pb.ListBlockedKeysRequest,
        namespace=namespace,
        subscription=text("name", name),
        page_size=PAGE_SIZE,
        page_token=page_token,
    )


def skip_request(
    namespace: str, name: str, sequence: int, first_index: int, last_index: int | None
) -> subscription_pb.SkipEventsRequest:
    """What gives up events of one entry; see ``PubSubClient.skip_events``."""
    return message(
        subscription_pb.SkipEventsRequest,
        namespace=namespace,
        subscription=text("name", name),
        sequence=sequence,
        first_index=first_index,
        last_index=first_index if last_index is None else last_index,
    )


def release_request(
    namespace: str, name: str, ordering_key: str, topic: str
) -> subscription_pb.ReleaseKeyRequest:
    """What lets a blocked key be tried again."""
    return message(
        subscription_pb.ReleaseKeyRequest,
        namespace=namespace,
        subscription=text("name", name),
        ordering_key=ordering_key,
        topic=topic,
    )


def subscription_settings(
    patterns: str | Sequence[str],
    *,
    start: str | int = "latest",
    ack_deadline_ms: int = 0,
    attempts_max: int = 0,
    retry_min_ms: int = 0,
    retry_max_ms: int = 0,
    dead_letter_topic: str = "",
    expiry_ms: int = 0,
    ordered: bool = False,
) -> subscription_pb.SubscriptionSettings:
    """Settings of a subscription; what is 0 or empty takes the broker's default."""
    min_ms = whole("retry_min_ms", retry_min_ms, 0, UINT32_MAX)
    max_ms = whole("retry_max_ms", retry_max_ms, 0, UINT32_MAX)
    settings = message(
        subscription_pb.SubscriptionSettings,
        patterns=texts("topic", patterns),
        start=start_position(start),
        ack_deadline_ms=ack_deadline_ms,
        attempts_max=attempts_max,
        dead_letter_topic=dead_letter_topic,
        expiry_ms=expiry_ms,
    )
    if min_ms or max_ms:
        settings.retry.min_ms = min_ms
        settings.retry.max_ms = max_ms
    if flag("ordered", ordered):
        settings.order = subscription_pb.DELIVERY_ORDER_KEY
    return settings


def checked_credit_events(max_outstanding: int) -> int:
    """How many unsettled events a subscription may hold."""
    return whole("max_outstanding", max_outstanding, 1, CREDIT_EVENTS_MAX)


def subscribe_options(
    namespace: str,
    client_name: str,
    topic: str | Sequence[str],
    subscription: str | None,
    *,
    handler: object,
    options: Mapping[str, Any],
) -> SubscribeOptions:
    """How to open a consumer; see ``PubSubClient.subscribe``."""
    if handler is not None and not callable(handler):
        raise bad_argument("handler", "a function, or None")
    if subscription is not None:
        text("subscription", subscription)
    known, events, is_ephemeral = _parted(options)
    if is_ephemeral and subscription:
        raise bad_argument("subscription", "not together with ephemeral")
    if not (subscription or is_ephemeral):
        known.setdefault("expiry_ms", OWN_SUBSCRIPTION_EXPIRY_MS)
    own_name = "" if is_ephemeral else f"{client_name or 'python'}-{secrets.token_hex(8)}"
    return SubscribeOptions(
        namespace=namespace,
        subscription=subscription or own_name,
        settings=subscription_settings(topic, **known),
        consumer_name=client_name,
        credit_bytes=CREDIT_BYTES_DEFAULT,
        credit_events=events,
        keeps_leases=handler is not None,
    )


def creation_request(
    namespace: str, name: str, topic: str | Sequence[str], options: Mapping[str, Any]
) -> subscription_pb.CreateSubscriptionRequest:
    """Creates a subscription; see ``PubSubClient.create_subscription``."""
    known, _, _ = _parted(options)
    return message(
        subscription_pb.CreateSubscriptionRequest,
        namespace=namespace,
        name=name,
        settings=subscription_settings(topic, **known),
    )


def _parted(options: Mapping[str, Any]) -> tuple[dict[str, Any], int, bool]:
    """Settings of the subscription, and the events and the kind of its consumer."""
    known_options(options, SubscriptionOptions.__optional_keys__)
    settings = dict(options)
    events = checked_credit_events(settings.pop("max_outstanding", CREDIT_EVENTS_DEFAULT))
    return settings, events, flag("ephemeral", settings.pop("ephemeral", False))


def too_many_subscriptions() -> PubSubError:
    """One client has as many subscriptions as it may."""
    metadata = {"field": "subscriptions", "limit": SUBSCRIPTIONS_MAX}
    return pubsub_error("LIMIT_REACHED", "too many subscriptions", metadata)
