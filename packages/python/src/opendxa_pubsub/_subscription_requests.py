"""Builds what opens and creates subscriptions, for both clients."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import subscription_service_pb2 as subscription_pb
from opendxa_pubsub._limits import (
    CREDIT_BYTES_DEFAULT,
    CREDIT_EVENTS_DEFAULT,
    CREDIT_EVENTS_MAX,
    SUBSCRIPTIONS_MAX,
)
from opendxa_pubsub._requests import bad_argument
from opendxa_pubsub._subscribe_session import SubscribeOptions


def subscription_settings(
    patterns: str | Sequence[str],
    *,
    start: str | int = "latest",
    ack_deadline_ms: int = 0,
    attempts_max: int = 0,
    retry_min_ms: int = 0,
    retry_max_ms: int = 0,
    ordered: bool = False,
) -> subscription_pb.SubscriptionSettings:
    """Settings of a subscription; what is 0 takes the broker's default."""
    settings = subscription_pb.SubscriptionSettings(
        patterns=[patterns] if isinstance(patterns, str) else patterns,
        ack_deadline_ms=ack_deadline_ms,
        attempts_max=attempts_max,
    )
    if isinstance(start, int):
        settings.start.time_unix_ms = start
    elif start in ("latest", "earliest"):
        setattr(settings.start, start, True)
    else:
        raise bad_argument("start", "'latest', 'earliest' or milliseconds since the Unix epoch")
    if retry_min_ms or retry_max_ms:
        settings.retry.min_ms = retry_min_ms
        settings.retry.max_ms = retry_max_ms
    if ordered:
        settings.order = subscription_pb.DELIVERY_ORDER_KEY
    return settings


def checked_credit_events(max_outstanding: int) -> int:
    """How many unsettled events a subscription may hold."""
    if not 1 <= max_outstanding <= CREDIT_EVENTS_MAX:
        raise bad_argument("max_outstanding", f"1 to {CREDIT_EVENTS_MAX}")
    return max_outstanding


def subscribe_options(
    namespace: str,
    client_name: str,
    topic: str | Sequence[str],
    subscription: str | None,
    *,
    has_handler: bool,
    options: Mapping[str, Any],
) -> SubscribeOptions:
    """How to open a consumer; see ``PubSubClient.subscribe``."""
    known = dict(options)
    events = checked_credit_events(known.pop("max_outstanding", CREDIT_EVENTS_DEFAULT))
    return SubscribeOptions(
        namespace=namespace,
        subscription=subscription or f"{client_name or 'python'}-{secrets.token_hex(8)}",
        settings=subscription_settings(topic, **known),
        consumer_name=client_name,
        credit_bytes=CREDIT_BYTES_DEFAULT,
        credit_events=events,
        keeps_leases=has_handler,
    )


def creation_request(
    namespace: str, name: str, topic: str | Sequence[str], options: Mapping[str, Any]
) -> subscription_pb.CreateSubscriptionRequest:
    """Creates a subscription; see ``PubSubClient.create_subscription``."""
    known = {key: value for key, value in options.items() if key != "max_outstanding"}
    return subscription_pb.CreateSubscriptionRequest(
        namespace=namespace, name=name, settings=subscription_settings(topic, **known)
    )


def too_many_subscriptions() -> PubSubError:
    """One client has as many subscriptions as it may."""
    metadata = {"field": "subscriptions", "limit": SUBSCRIPTIONS_MAX}
    return pubsub_error("LIMIT_REACHED", "too many subscriptions", metadata)
