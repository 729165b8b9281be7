from types import ModuleType
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import load

import opendxa_pubsub
from opendxa_pubsub import (
    PubSubError,
    PubSubInvalidError,
    PubSubNotFoundError,
    PubSubOverloadedError,
    PubSubUnavailableError,
)
from opendxa_pubsub._errors import error_from_grpc, error_from_status, pubsub_error, reason_name
from opendxa_pubsub._gen.error_reasons import ERROR_REASONS
from opendxa_pubsub._status_details import decode_status_details


class FailedCall(grpc.RpcError):
    """What grpc raises, as far as it is read here."""

    def __init__(self, code: grpc.StatusCode, trailer: bytes | None = None) -> None:
        super().__init__()
        self._code = code
        self._trailer = trailer

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return "told by grpc"

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        return (("grpc-status-details-bin", self._trailer),) if self._trailer else ()


@pytest.mark.parametrize("case", load("errors"), ids=lambda case: case["reason"])
def test_reads_the_vectors(case: dict[str, Any]) -> None:
    details = decode_status_details(bytes.fromhex(case["hex"]))
    assert details is not None
    error = error_from_status(details)
    assert error.reason == case["reason"]
    assert error.code == case["code"]
    assert error.message == case["message"]
    assert error.retryable == case["retryable"]
    assert error.metadata == case["metadata"]
    assert error.retry_after_ms == case["retry_after_ms"]
    violations = [(v["field"], v["description"]) for v in case["field_violations"]]
    assert error.field_violations == violations


@given(st.binary(max_size=200))
def test_any_bytes_are_a_status_or_none(data: bytes) -> None:
    details = decode_status_details(data)
    assert details is None or isinstance(details.message, str)


def test_every_reason_has_a_class_that_its_status_names() -> None:
    for name, info in ERROR_REASONS.items():
        error = pubsub_error(name, "text")
        assert str(error) == f"{name}: text"
        assert (error.code, error.retryable, error.advice) == info[1:]
        assert reason_name(info.number) == name


@pytest.mark.parametrize(
    ("reason", "error_class"),
    [
        ("TOPIC_NOT_FOUND", PubSubNotFoundError),
        ("EVENT_INVALID", PubSubInvalidError),
        ("OVERLOADED", PubSubOverloadedError),
        ("SHUTTING_DOWN", PubSubUnavailableError),
        ("PRODUCER_FENCED", PubSubError),
    ],
)
def test_subclasses_are_chosen_by_status(reason: str, error_class: type[PubSubError]) -> None:
    assert type(pubsub_error(reason, "x")) is error_class


@pytest.mark.parametrize("status", [1, 2, 3, 5, 8, 13, 14, 15])
def test_a_status_without_the_brokers_details_is_the_transports(status: int) -> None:
    (code,) = (code for code in grpc.StatusCode if code.value[0] == status)
    error = error_from_grpc(FailedCall(code))
    assert (error.reason, error.retryable) == ("CONNECTION_LOST", True)
    assert error.message == "CONNECTION_LOST: told by grpc"
    assert isinstance(error.__cause__, FailedCall)


def test_a_deadline_and_a_proxys_refusal_keep_their_reason() -> None:
    reasons = [
        error_from_grpc(FailedCall(code)).reason
        for code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAUTHENTICATED)
    ]
    assert reasons == ["TIMED_OUT", "UNAUTHENTICATED"]


def test_a_broken_trailer_is_not_worth_a_second_error() -> None:
    error = error_from_grpc(FailedCall(grpc.StatusCode.INTERNAL, b"\xff"))
    assert error.reason == "CONNECTION_LOST"


def test_a_reason_of_the_future_keeps_its_status() -> None:
    trailer = bytes.fromhex(load("errors")[1]["hex"]).replace(b"INTERNAL", b"INVENTED")
    error = error_from_grpc(FailedCall(grpc.StatusCode.INTERNAL, trailer))
    assert error.reason == "UNSPECIFIED"
    assert error.code == grpc.StatusCode.INTERNAL.value[0]
    assert not error.retryable


def test_the_public_names_are_listed_and_sorted() -> None:
    public = {
        name
        for name, value in vars(opendxa_pubsub).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert set(opendxa_pubsub.__all__) == public
    assert opendxa_pubsub.__all__ == sorted(opendxa_pubsub.__all__)
    for name in opendxa_pubsub.__all__:
        assert getattr(opendxa_pubsub, name).__doc__
