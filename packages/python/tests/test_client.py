import asyncio
import json
import shutil
import subprocess
import threading
from concurrent.futures import Future
from typing import Any

import pytest
from broker_process import BrokerProcess
from vectors import ROOT

from opendxa_pubsub import (
    AsyncPubSubClient,
    BrokerFacts,
    EventMetadata,
    FeedbackEvent,
    LearningEvent,
    OutgoingEvent,
    PublishOptions,
    PublishReceipt,
    PubSubClient,
    PubSubClosedError,
    PubSubError,
    PubSubExistsError,
    PubSubInvalidError,
    PubSubNotFoundError,
    PubSubTimeoutError,
    ReceivedEvent,
)
from opendxa_pubsub._checksum import partition_for_key

WAIT_S = 30.0
NESTED: dict[str, Any] = {"a": [1, None, {"ü": [True, 2.5, ""]}], "e": {}, "l": []}


def test_a_published_event_is_read_back_with_every_field(client: PubSubClient, topic: str) -> None:
    sent = OutgoingEvent(
        type="tests.every-field",
        data=bytes(range(256)),
        data_content_type="application/x-binary",
        data_schema="urn:tests",
        id="модель-🛰",
        source="/tests/één",
        subject="",
        time_unix_ns=2**63 - 1,
        correlation_id="c",
        causation_id="b",
        ordering_key="ключ",
        expire_time_unix_ms=2**62,
        metadata=EventMetadata("1", "s", "e"),
        attributes={"": "", "ß": "é"},
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate="vendor=1",
    )
    receipt = client.publish(topic, sent)
    assert receipt == PublishReceipt(topic, 0, 0, "модель-🛰", False, False, "fsync")
    (event,) = client.read(topic)
    for name in OutgoingEvent.__dataclass_fields__:
        assert getattr(event, name) == getattr(sent, name)
    assert (event.offset, event.priority) == (0, "normal")


def test_an_option_that_is_none_is_as_not_stated(client: PubSubClient, topic: str) -> None:
    unstated: Any = dict.fromkeys(PublishOptions.__annotations__)
    client.publish(topic, {"n": 1}, **{**unstated, "id": "1", "time_unix_ns": 1})
    client.publish(topic, {"n": 1}, id="1", time_unix_ns=1)
    first, second = client.read(topic)
    for name in OutgoingEvent.__dataclass_fields__:
        assert getattr(first, name) == getattr(second, name)
    assert first.priority == second.priority


def test_a_priority_that_there_is_not_is_refused(client: PubSubClient, topic: str) -> None:
    with pytest.raises(PubSubInvalidError, match="BAD_REQUEST: priority"):
        client.publish(topic, {}, priority="urgent")


@pytest.mark.parametrize(
    ("given", "kind", "content_type", "data"),
    [
        (NESTED, "json", "application/json", json.dumps(NESTED, ensure_ascii=False).encode()),
        ("grüße", "text", "text/plain; charset=utf-8", "grüße".encode()),
        (b"\x00\xff", "bytes", "application/octet-stream", b"\x00\xff"),
        (b"", "bytes", "application/octet-stream", b""),
        ({}, "json", "application/json", b"{}"),
        (
            LearningEvent(function_id="f", changes={"n": 2**63}),
            "learning",
            "application/json",
            b'{"function_id":"f","version":"","learning_type":"improvement","timestamp":"",'
            b'"changes":{"n":9223372036854775808},"metrics":{}}',
        ),
    ],
)
def test_payloads_become_events(
    client: PubSubClient, topic: str, given: object, kind: str, content_type: str, data: bytes
) -> None:
    receipt = client.publish(topic, given)
    assert receipt.offset is not None
    (event,) = client.read(topic, offset=receipt.offset)
    assert (event.type, event.data_content_type) == (kind, content_type)
    assert event.data == data.replace(b": ", b":").replace(b", ", b",")
    assert event.source == "/tests"


def test_many_events_keep_their_order_and_ids(client: PubSubClient, topic: str) -> None:
    receipts = client.publish_many(topic, [{"n": n} for n in range(3_000)])
    assert [r.offset for r in receipts] == list(range(3_000))
    read = list(client.read(topic))
    assert [event["n"] for event in read] == list(range(3_000))
    assert [event.id for event in read] == [receipt.id for receipt in receipts]
    assert [event["n"] for event in client.read(topic, offset=2_990, events_max=3)] == [
        2_990,
        2_991,
        2_992,
    ]


def test_partitions_follow_the_ordering_key(client: PubSubClient) -> None:
    assert client.create_topic("partitioned", partitions=4)
    assert not client.create_topic("partitioned", partitions=4)
    with pytest.raises(PubSubExistsError, match="TOPIC_EXISTS"):
        client.create_topic("partitioned", partitions=2)
    for key in ("a", "customer-17", "ключ"):
        receipt = client.publish("partitioned", {"key": key}, ordering_key=key)
        assert receipt.partition == partition_for_key(key, 4)
    turns = {client.publish("partitioned", {}).partition for _ in range(8)}
    assert turns == {0, 1, 2, 3}


def test_refusals_are_typed_and_leave_the_others_stored(client: PubSubClient, topic: str) -> None:
    with pytest.raises(PubSubNotFoundError, match=r"^TOPIC_NOT_FOUND: "):
        client.publish("no-such-topic", {})
    with pytest.raises(PubSubInvalidError) as caught:
        client.publish("a//b", {})
    assert caught.value.reason == "TOPIC_NAME_INVALID"
    with pytest.raises(PubSubInvalidError, match="BAD_REQUEST"):
        client.publish(topic, {"x": float("nan")})
    with pytest.raises(PubSubInvalidError, match="BAD_REQUEST"):
        client.publish(topic, {"x": object()})
    with pytest.raises(PubSubInvalidError, match="LIMIT_EXCEEDED"):
        client.publish(topic, bytes(960 * 1024))
    assert client.publish(topic, bytes(950 * 1024)).offset == 0
    with pytest.raises(PubSubNotFoundError, match="TOPIC_NOT_FOUND"):
        list(client.read("no-such-topic"))


def test_an_unknown_namespace_is_final(broker: BrokerProcess) -> None:
    with PubSubClient(broker.address, namespace="unknown") as client:
        with pytest.raises(PubSubNotFoundError, match="NAMESPACE_NOT_FOUND"):
            client.publish("feedback", {})
        with pytest.raises(PubSubNotFoundError, match="NAMESPACE_NOT_FOUND"):
            client.subscribe("feedback")


def test_the_broker_says_what_it_is_and_how_far_its_indexes_are(
    client: PubSubClient, broker: BrokerProcess, topic: str
) -> None:
    client.publish(topic, {"n": 1})
    facts = client.get_broker()
    assert facts.start_number >= 1
    assert facts.journal == "segments"
    assert facts.limits["frames_in_flight_max"] == 64
    assert tuple(lag.namespace for lag in facts.index_lags) == facts.namespaces

    async def asked() -> BrokerFacts:
        async with AsyncPubSubClient(broker.address) as other:
            return await other.get_broker()

    assert asyncio.run(asked()).version == facts.version


def test_a_handler_acks_by_returning_and_nacks_by_raising(client: PubSubClient, topic: str) -> None:
    seen: list[tuple[int, int]] = []
    threads: set[int] = set()
    done = threading.Event()

    def handle(event: ReceivedEvent) -> None:
        seen.append((event["n"], event.attempt))
        threads.add(threading.get_ident())
        if event["n"] == 1 and event.attempt < 3:
            raise ValueError(event["n"])
        if len(seen) == 5:
            done.set()

    name = "handled"
    subscription = client.subscribe(
        topic, handle, name, start="earliest", retry_min_ms=1, retry_max_ms=2
    )
    client.publish_many(topic, [{"n": n} for n in range(3)])
    assert done.wait(WAIT_S)
    assert subscription.flush()
    assert subscription.stale_settlements == 0
    subscription.close()
    assert sorted(seen) == [(0, 1), (1, 1), (1, 2), (1, 3), (2, 1)]
    assert len(threads) == 1
    client.publish(topic, {"n": 9})
    with client.subscribe(
        topic, None, name, start="earliest", retry_min_ms=1, retry_max_ms=2
    ) as rest:
        event = rest.take(WAIT_S)
        assert event is not None
        assert event["n"] == 9


def test_iteration_settles_explicitly(client: PubSubClient, topic: str) -> None:
    client.publish_many(topic, ["a", "b", "c"])
    seen: list[tuple[str, int]] = []
    with client.subscribe(topic, subscription="iterated", start="earliest") as events:
        for event in events:
            seen.append((event.text(), event.attempt))
            if seen[-1] == ("b", 1):
                event.extend(60_000)
                event.nack("not yet", delay_ms=1)
                assert event.is_settled
                event.ack()
            else:
                event.ack()
            if len(seen) == 4:
                break
        assert events.flush()
    assert sorted(seen) == [("a", 1), ("b", 1), ("b", 2), ("c", 1)]


def test_consumers_share_a_subscription(broker: BrokerProcess, topic: str) -> None:
    counts = [0, 0]
    total = threading.Semaphore(0)

    def count(index: int) -> None:
        counts[index] += 1
        total.release()

    with PubSubClient(broker.address) as one, PubSubClient(broker.address) as other:
        one.subscribe(topic, lambda _: count(0), "shared", start="earliest", max_outstanding=5)
        other.subscribe(topic, lambda _: count(1), "shared", start="earliest", max_outstanding=5)
        one.publish_many(topic, [str(n) for n in range(400)])
        for _ in range(400):
            assert total.acquire(timeout=WAIT_S)
    assert sum(counts) == 400
    assert min(counts) > 0


def test_more_bytes_than_the_credit_flow_through(client: PubSubClient, topic: str) -> None:
    client.publish_many(topic, [bytes(200_000) for _ in range(60)])
    with client.subscribe(topic, subscription="large", start="earliest") as events:
        for offset in range(60):
            event = events.take(WAIT_S)
            assert event is not None
            assert (event.offset, len(event.data)) == (offset, 200_000)
            event.ack()


def test_patterns_and_the_short_name_feedback(client: PubSubClient) -> None:
    with client.subscribe("feedback", subscription="alias") as events:
        client.publish(
            "poet/functions/f/feedback", FeedbackEvent(function_id="f", execution_id="x-alias")
        )
        event = events.take(WAIT_S)
        assert event is not None
        assert (event.type, event.correlation_id) == ("feedback", "x-alias")
        assert event["execution_id"] == "x-alias"
        assert event.get("missing", 1) == 1
        with pytest.raises(KeyError):
            event["missing"]


def test_feedback_finds_its_execution(client: PubSubClient) -> None:
    keys = ["mlflow:run:py-1"]
    feedback = FeedbackEvent(
        function_id="", execution_id="", metrics={"m": 0.5}, context=NESTED, rating=4.0
    )
    early = client.submit_feedback(feedback, correlation_keys=keys, id="early")
    assert (early.pending, early.duplicate) == (True, False)
    execution = client.register_execution("x-py", "detect_py", correlation_keys=keys)
    assert (execution.state, execution.feedback_received) == ("satisfied", 1)
    assert client.get_execution("x-py") == execution
    assert client.submit_feedback(feedback, correlation_keys=keys, id="early").duplicate
    result = client.await_feedback("x-py", timeout_s=WAIT_S)
    assert (result.outcome, len(result.feedback)) == ("feedback", 1)
    payload = result.feedback[0].json()
    assert (payload["execution_id"], payload["function_id"]) == ("x-py", "detect_py")
    assert payload["context"] == NESTED
    assert payload["rating"] == 4
    correlated = list(client.events_by_correlation_id("x-py"))
    assert "feedback" in {event.type for event in correlated}
    with pytest.raises(PubSubExistsError, match="EXECUTION_EXISTS"):
        client.register_execution("x-py", "another")
    with pytest.raises(PubSubNotFoundError, match="EXECUTION_NOT_FOUND"):
        client.get_execution("unknown")


def test_a_wait_outlives_the_broker(own_broker: BrokerProcess) -> None:
    with PubSubClient(own_broker.address) as client:
        client.register_execution("x-wait", "f")
        with pytest.raises(PubSubTimeoutError):
            client.await_feedback("x-wait", wait_id="w", timeout_s=1)
        results: Future[str] = Future()
        waiter = threading.Thread(
            target=lambda: results.set_result(
                client.await_feedback("x-wait", wait_id="w", timeout_s=WAIT_S).outcome
            )
        )
        waiter.start()
        own_broker.kill()
        own_broker.start()
        client.submit_feedback(FeedbackEvent(function_id="f", execution_id="x-wait"))
        assert results.result(WAIT_S) == "feedback"
        waiter.join()


def test_nothing_is_lost_or_doubled_across_a_kill(own_broker: BrokerProcess) -> None:
    topic = "poet/tests/kill"
    received: list[str] = []
    lock = threading.Condition()

    def handle(event: ReceivedEvent) -> None:
        with lock:
            received.append(event.id)
            lock.notify_all()

    with PubSubClient(own_broker.address, source="/kill") as client:
        client.subscribe(topic, handle, "kill", start="earliest")
        futures = [client.publish_async(topic, {"n": n}) for n in range(2_000)]
        futures[0].result(WAIT_S)
        own_broker.kill()
        futures += [client.publish_async(topic, {"n": n}) for n in range(2_000, 4_000)]
        own_broker.start()
        receipts = [future.result(WAIT_S) for future in futures]
        stored = list(client.read(topic))
        assert [event["n"] for event in stored] == list(range(4_000))
        assert [event.offset for event in stored] == [receipt.offset for receipt in receipts]
        expected = {event.id for event in stored}
        with lock:
            assert lock.wait_for(lambda: set(received) == expected, WAIT_S)


def test_a_closed_client_says_so(broker: BrokerProcess) -> None:
    client = PubSubClient(broker.address)
    subscription = client.subscribe("learning", lambda _: None)
    client.close()
    client.close()
    client.run()
    with pytest.raises(PubSubClosedError):
        client.publish("learning", {})
    with pytest.raises(PubSubClosedError):
        client.subscribe("learning")
    assert subscription.take(0) is None


def test_without_a_broker_calls_time_out_with_their_reason() -> None:
    with PubSubClient("127.0.0.1:1", timeout_s=0.5) as client:
        with pytest.raises(PubSubError) as caught:
            client.publish("feedback", {})
        assert caught.value.reason in ("CONNECTION_LOST", "TIMED_OUT")
        with pytest.raises(PubSubTimeoutError):
            client.subscribe("feedback")


def test_typescript_reads_what_python_wrote_and_back(broker: BrokerProcess) -> None:
    node = shutil.which("node")
    assert node
    topic = "poet/tests/languages"
    with PubSubClient(broker.address, source="/python") as client:
        client.publish(topic, NESTED, id="µ-1", attributes={"": "ß"}, time_unix_ns=2**62 + 1)
        client.publish(topic, bytes(range(256)), type="binary", correlation_id="")
        program = ROOT / "packages" / "python" / "tests" / "echo.mjs"
        library = ROOT / "packages" / "client" / "dist" / "index.js"
        command = [node, str(program), library.as_uri(), broker.address, topic]
        subprocess.run(command, check=True, timeout=WAIT_S)
        first, second, third, fourth = client.read(topic)
        for sent, echoed in ((first, third), (second, fourth)):
            assert echoed.data == sent.data
            assert echoed.data_content_type == sent.data_content_type
            assert echoed.type == sent.type
            assert echoed.time_unix_ns == sent.time_unix_ns
            assert echoed.correlation_id == sent.correlation_id
            assert echoed.attributes == sent.attributes
            assert echoed.causation_id == sent.id
            assert echoed.source == "/typescript"
        assert third.json() == NESTED
