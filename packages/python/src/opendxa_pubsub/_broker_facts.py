"""What a broker says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from opendxa_pubsub._gen.opendxa.pubsub.v1 import broker_service_pb2


@dataclass(slots=True, frozen=True)
class IndexLag:
    """How far the index of a namespace is behind its journal.

    Publishing does not wait for the index; questions wait until it holds what was durable when
    they came. It catches up by itself.

    Attributes:
        namespace: Namespace.
        entries_behind: Durable entries of the journal that the index does not hold yet.
        behind_ms: How long the oldest of them has been durable, in milliseconds; 0: there is none.
    """

    namespace: str
    entries_behind: int
    behind_ms: int


@dataclass(slots=True, frozen=True)
class BrokerFacts:
    """What a broker is and can do.

    Attributes:
        version: Version of the broker.
        start_number: Rises with every start on its data folder, from 1.
        start_time_unix_ms: When it started, in milliseconds since the Unix epoch.
        namespaces: Namespaces, in the order of its configuration.
        index_engine: Engine of the index: ``rocksdb`` or ``leveldb``.
        journal: Where records lie: ``segments`` or ``level``.
        limits: Limits by name, units last.
        not_served: RPCs of the contract that it does not serve, as ``Service/Method``.
        index_lags: How far each namespace's index is behind, in the order of ``namespaces``; empty
            for a broker that does not say.
    """

    version: str
    start_number: int
    start_time_unix_ms: int
    namespaces: tuple[str, ...]
    index_engine: str
    journal: str
    limits: Mapping[str, int]
    not_served: tuple[str, ...]
    index_lags: tuple[IndexLag, ...]


def broker_facts(answer: broker_service_pb2.GetBrokerResponse) -> BrokerFacts:
    """The facts in the broker's answer."""
    return BrokerFacts(
        version=answer.version,
        start_number=answer.start_number,
        start_time_unix_ms=answer.start_time_unix_ms,
        namespaces=tuple(answer.namespaces),
        index_engine=answer.index_engine,
        journal=answer.journal,
        limits={name: limit.value for name, limit in answer.limits.items()},
        not_served=tuple(answer.not_served),
        index_lags=tuple(
            IndexLag(lag.namespace, lag.entries_behind, lag.behind_ms) for lag in answer.index_lags
        ),
    )
