from opendxa_pubsub._gen.opendxa.pubsub.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeliveryOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELIVERY_ORDER_UNSPECIFIED: _ClassVar[DeliveryOrder]
    DELIVERY_ORDER_NONE: _ClassVar[DeliveryOrder]
    DELIVERY_ORDER_KEY: _ClassVar[DeliveryOrder]
DELIVERY_ORDER_UNSPECIFIED: DeliveryOrder
DELIVERY_ORDER_NONE: DeliveryOrder
DELIVERY_ORDER_KEY: DeliveryOrder

class StartPosition(_message.Message):
    __slots__ = ("latest", "earliest", "time_unix_ms", "sequence")
    LATEST_FIELD_NUMBER: _ClassVar[int]
    EARLIEST_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    latest: bool
    earliest: bool
    time_unix_ms: int
    sequence: int
    def __init__(self, latest: bool = ..., earliest: bool = ..., time_unix_ms: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...

class RetryPolicy(_message.Message):
    __slots__ = ("min_ms", "max_ms")
    MIN_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_MS_FIELD_NUMBER: _ClassVar[int]
    min_ms: int
    max_ms: int
    def __init__(self, min_ms: _Optional[int] = ..., max_ms: _Optional[int] = ...) -> None: ...

class SubscriptionSettings(_message.Message):
    __slots__ = ("patterns", "filter", "start", "ack_deadline_ms", "retry", "attempts_max", "dead_letter_topic", "order", "expiry_ms")
    PATTERNS_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    ACK_DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_MAX_FIELD_NUMBER: _ClassVar[int]
    DEAD_LETTER_TOPIC_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_MS_FIELD_NUMBER: _ClassVar[int]
    patterns: _containers.RepeatedScalarFieldContainer[str]
    filter: str
    start: StartPosition
    ack_deadline_ms: int
    retry: RetryPolicy
    attempts_max: int
    dead_letter_topic: str
    order: DeliveryOrder
    expiry_ms: int
    def __init__(self, patterns: _Optional[_Iterable[str]] = ..., filter: _Optional[str] = ..., start: _Optional[_Union[StartPosition, _Mapping]] = ..., ack_deadline_ms: _Optional[int] = ..., retry: _Optional[_Union[RetryPolicy, _Mapping]] = ..., attempts_max: _Optional[int] = ..., dead_letter_topic: _Optional[str] = ..., order: _Optional[_Union[DeliveryOrder, str]] = ..., expiry_ms: _Optional[int] = ...) -> None: ...

class Subscription(_message.Message):
    __slots__ = ("name", "settings", "epoch", "create_time_unix_ms", "cursor_sequence", "cursor_index", "consumers", "paused", "ephemeral", "expired", "pause_reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CURSOR_INDEX_FIELD_NUMBER: _ClassVar[int]
    CONSUMERS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    EPHEMERAL_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    PAUSE_REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    settings: SubscriptionSettings
    epoch: int
    create_time_unix_ms: int
    cursor_sequence: int
    cursor_index: int
    consumers: int
    paused: bool
    ephemeral: bool
    expired: int
    pause_reason: str
    def __init__(self, name: _Optional[str] = ..., settings: _Optional[_Union[SubscriptionSettings, _Mapping]] = ..., epoch: _Optional[int] = ..., create_time_unix_ms: _Optional[int] = ..., cursor_sequence: _Optional[int] = ..., cursor_index: _Optional[int] = ..., consumers: _Optional[int] = ..., paused: bool = ..., ephemeral: bool = ..., expired: _Optional[int] = ..., pause_reason: _Optional[str] = ...) -> None: ...

class CreateSubscriptionRequest(_message.Message):
    __slots__ = ("namespace", "name", "settings")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    settings: SubscriptionSettings
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., settings: _Optional[_Union[SubscriptionSettings, _Mapping]] = ...) -> None: ...

class CreateSubscriptionResponse(_message.Message):
    __slots__ = ("subscription", "existed")
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EXISTED_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    existed: bool
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ..., existed: bool = ...) -> None: ...

class GetSubscriptionRequest(_message.Message):
    __slots__ = ("namespace", "name")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class GetSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ...) -> None: ...

class ListSubscriptionsRequest(_message.Message):
    __slots__ = ("namespace", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSubscriptionsResponse(_message.Message):
    __slots__ = ("subscriptions", "next_page_token")
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    subscriptions: _containers.RepeatedCompositeFieldContainer[Subscription]
    next_page_token: str
    def __init__(self, subscriptions: _Optional[_Iterable[_Union[Subscription, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateSubscriptionRequest(_message.Message):
    __slots__ = ("namespace", "name", "settings", "fields")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    settings: SubscriptionSettings
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., settings: _Optional[_Union[SubscriptionSettings, _Mapping]] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class UpdateSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ...) -> None: ...

class DeleteSubscriptionRequest(_message.Message):
    __slots__ = ("namespace", "name")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class DeleteSubscriptionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PauseSubscriptionRequest(_message.Message):
    __slots__ = ("namespace", "name", "reason")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    reason: str
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class PauseSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ...) -> None: ...

class ResumeSubscriptionRequest(_message.Message):
    __slots__ = ("namespace", "name")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class ResumeSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ...) -> None: ...

class SeekSubscriptionRequest(_message.Message):
    __slots__ = ("namespace", "name", "position", "snapshot", "offset")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    position: StartPosition
    snapshot: str
    offset: TopicOffset
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., position: _Optional[_Union[StartPosition, _Mapping]] = ..., snapshot: _Optional[str] = ..., offset: _Optional[_Union[TopicOffset, _Mapping]] = ...) -> None: ...

class TopicOffset(_message.Message):
    __slots__ = ("topic", "partition", "offset")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    topic: str
    partition: int
    offset: int
    def __init__(self, topic: _Optional[str] = ..., partition: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class SeekSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ...) -> None: ...

class Snapshot(_message.Message):
    __slots__ = ("name", "subscription", "create_time_unix_ms", "cursor_sequence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    subscription: str
    create_time_unix_ms: int
    cursor_sequence: int
    def __init__(self, name: _Optional[str] = ..., subscription: _Optional[str] = ..., create_time_unix_ms: _Optional[int] = ..., cursor_sequence: _Optional[int] = ...) -> None: ...

class CreateSnapshotRequest(_message.Message):
    __slots__ = ("namespace", "name", "subscription")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    subscription: str
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., subscription: _Optional[str] = ...) -> None: ...

class CreateSnapshotResponse(_message.Message):
    __slots__ = ("snapshot",)
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    snapshot: Snapshot
    def __init__(self, snapshot: _Optional[_Union[Snapshot, _Mapping]] = ...) -> None: ...

class ListSnapshotsRequest(_message.Message):
    __slots__ = ("namespace", "subscription", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSnapshotsResponse(_message.Message):
    __slots__ = ("snapshots", "next_page_token")
    SNAPSHOTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    snapshots: _containers.RepeatedCompositeFieldContainer[Snapshot]
    next_page_token: str
    def __init__(self, snapshots: _Optional[_Iterable[_Union[Snapshot, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteSnapshotRequest(_message.Message):
    __slots__ = ("namespace", "name")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class DeleteSnapshotResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetAccountingRequest(_message.Message):
    __slots__ = ("namespace", "subscription")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ...) -> None: ...

class GetAccountingResponse(_message.Message):
    __slots__ = ("sequence", "epoch", "entered", "acked", "dead_lettered", "expired", "filtered", "skipped", "leased", "waiting", "unexamined")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ENTERED_FIELD_NUMBER: _ClassVar[int]
    ACKED_FIELD_NUMBER: _ClassVar[int]
    DEAD_LETTERED_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    FILTERED_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    LEASED_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    UNEXAMINED_FIELD_NUMBER: _ClassVar[int]
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
    def __init__(self, sequence: _Optional[int] = ..., epoch: _Optional[int] = ..., entered: _Optional[int] = ..., acked: _Optional[int] = ..., dead_lettered: _Optional[int] = ..., expired: _Optional[int] = ..., filtered: _Optional[int] = ..., skipped: _Optional[int] = ..., leased: _Optional[int] = ..., waiting: _Optional[int] = ..., unexamined: _Optional[int] = ...) -> None: ...

class ListBlockedKeysRequest(_message.Message):
    __slots__ = ("namespace", "subscription", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class BlockedKey(_message.Message):
    __slots__ = ("ordering_key", "sequence", "index", "attempts", "due_time_unix_ms", "reason", "topic", "partition", "held")
    ORDERING_KEY_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    ordering_key: str
    sequence: int
    index: int
    attempts: int
    due_time_unix_ms: int
    reason: str
    topic: str
    partition: int
    held: int
    def __init__(self, ordering_key: _Optional[str] = ..., sequence: _Optional[int] = ..., index: _Optional[int] = ..., attempts: _Optional[int] = ..., due_time_unix_ms: _Optional[int] = ..., reason: _Optional[str] = ..., topic: _Optional[str] = ..., partition: _Optional[int] = ..., held: _Optional[int] = ...) -> None: ...

class ListBlockedKeysResponse(_message.Message):
    __slots__ = ("keys", "next_page_token")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[BlockedKey]
    next_page_token: str
    def __init__(self, keys: _Optional[_Iterable[_Union[BlockedKey, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SkipEventsRequest(_message.Message):
    __slots__ = ("namespace", "subscription", "sequence", "first_index", "last_index")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    LAST_INDEX_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    sequence: int
    first_index: int
    last_index: int
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ..., sequence: _Optional[int] = ..., first_index: _Optional[int] = ..., last_index: _Optional[int] = ...) -> None: ...

class SkipEventsResponse(_message.Message):
    __slots__ = ("skipped",)
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    skipped: int
    def __init__(self, skipped: _Optional[int] = ...) -> None: ...

class ReleaseKeyRequest(_message.Message):
    __slots__ = ("namespace", "subscription", "ordering_key", "topic")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ORDERING_KEY_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    ordering_key: str
    topic: str
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ..., ordering_key: _Optional[str] = ..., topic: _Optional[str] = ...) -> None: ...

class ReleaseKeyResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RedriveRequest(_message.Message):
    __slots__ = ("namespace", "subscription", "offsets", "dry_run", "rate_per_second", "failures_max")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    OFFSETS_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    RATE_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    FAILURES_MAX_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    subscription: str
    offsets: _containers.RepeatedScalarFieldContainer[int]
    dry_run: bool
    rate_per_second: int
    failures_max: int
    def __init__(self, namespace: _Optional[str] = ..., subscription: _Optional[str] = ..., offsets: _Optional[_Iterable[int]] = ..., dry_run: bool = ..., rate_per_second: _Optional[int] = ..., failures_max: _Optional[int] = ...) -> None: ...

class RedriveResponse(_message.Message):
    __slots__ = ("redriven", "failed", "done")
    REDRIVEN_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    redriven: int
    failed: int
    done: bool
    def __init__(self, redriven: _Optional[int] = ..., failed: _Optional[int] = ..., done: bool = ...) -> None: ...
