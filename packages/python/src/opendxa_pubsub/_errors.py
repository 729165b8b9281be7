"""The one error of this package, with a few subclasses for what programs catch."""

from collections.abc import Mapping

import grpc

from opendxa_pubsub._gen.error_reasons import ERROR_REASONS
from opendxa_pubsub._gen.opendxa.pubsub.v1 import errors_pb2
from opendxa_pubsub._status_details import ERROR_DOMAIN, StatusDetails, decode_status_details

_UNKNOWN = 2
# No bare status ever leaves a broker: one without our details is the transport's, and the
# connection is lost. These say the same whoever answers: a deadline of ours, a refusal of a proxy.
_REASON_OF_BARE_STATUS = {
    4: "TIMED_OUT",
    7: "PERMISSION_DENIED",
    12: "NOT_SERVED_YET",
    16: "UNAUTHENTICATED",
}


class PubSubError(Exception):
    """A request failed, for a reason of the contract.

    The message begins with the reason, so that it is known where only text is shown. Subclasses
    exist for what programs commonly handle; each is caught by its own name in Dana, where
    ``except PubSubError`` catches this class alone and ``except as e`` catches everything.

    Attributes:
        reason: Name of the contract's ErrorReason, such as ``TOPIC_NOT_FOUND``.
        code: gRPC status code.
        retryable: Whether the same request, unchanged, may succeed later.
        metadata: Facts, as the reason's comment in the contract lists them.
        retry_after_ms: When to come back, in milliseconds, where the broker said it.
        field_violations: Pairs of field and rule that a request breaks.
    """

    reason: str
    code: int
    retryable: bool
    metadata: dict[str, str]
    retry_after_ms: float | None
    field_violations: list[tuple[str, str]]

    def __init__(
        self,
        reason: str,
        text: str,
        *,
        metadata: Mapping[str, object] | None = None,
        details: StatusDetails | None = None,
    ) -> None:
        """Makes an error; :func:`pubsub_error` chooses the class.

        Args:
            reason: Name of the ErrorReason without its prefix.
            text: What happened, without the reason.
            metadata: Facts of the reason.
            details: What the broker sent, if it did.
        """
        super().__init__(f"{reason}: {text}")
        info = ERROR_REASONS.get(reason)
        status = details or StatusDetails()
        self.reason = reason
        self.code = info.code if info and info.number else status.code or _UNKNOWN
        self.retryable = bool(info and info.retryable)
        self.metadata = {key: str(value) for key, value in (metadata or status.metadata).items()}
        self.retry_after_ms = status.retry_after_ms
        self.field_violations = status.field_violations

    @property
    def message(self) -> str:
        """The text, beginning with the reason."""
        return str(self)

    @property
    def advice(self) -> str:
        """What the caller should do, in one sentence."""
        info = ERROR_REASONS.get(self.reason)
        return info.advice if info else ERROR_REASONS["UNSPECIFIED"].advice


class PubSubNotFoundError(PubSubError):
    """What the request names does not exist: a topic, a subscription, an execution, an event."""


class PubSubExistsError(PubSubError):
    """What the request creates exists already, with other settings."""


class PubSubInvalidError(PubSubError):
    """The request or an event breaks a rule of the contract; it will never succeed as it is."""


class PubSubOverloadedError(PubSubError):
    """A bound was reached; most of these succeed later."""


class PubSubUnavailableError(PubSubError):
    """The broker cannot be reached or does not accept now; what was sent may be stored."""


class PubSubTimeoutError(PubSubError):
    """No answer came in time; what was sent may be stored."""


class PubSubClosedError(PubSubError):
    """The client was closed before the answer came."""


_CLASS_OF_STATUS: dict[int, type[PubSubError]] = {
    1: PubSubClosedError,
    3: PubSubInvalidError,
    4: PubSubTimeoutError,
    5: PubSubNotFoundError,
    6: PubSubExistsError,
    8: PubSubOverloadedError,
    11: PubSubInvalidError,
    14: PubSubUnavailableError,
}


def pubsub_error(
    reason: str,
    text: str,
    metadata: Mapping[str, object] | None = None,
    details: StatusDetails | None = None,
) -> PubSubError:
    """Makes an error of the class that belongs to its reason's status.

    Args:
        reason: Name of the ErrorReason without its prefix.
        text: What happened, with or without the reason in front.
        metadata: Facts of the reason.
        details: What the broker sent, if it did.

    Returns:
        The error, to be raised.
    """
    known = ERROR_REASONS.get(reason)
    code = known.code if known and known.number else details.code if details else _UNKNOWN
    error_class = _CLASS_OF_STATUS.get(code, PubSubError)
    return error_class(reason, text.removeprefix(f"{reason}: "), metadata=metadata, details=details)


def error_from_status(details: StatusDetails) -> PubSubError:
    """The error that a Status speaks of; without an ErrorInfo of ours it is the transport's."""
    if details.domain == ERROR_DOMAIN and details.reason:
        known = details.reason in ERROR_REASONS
        return pubsub_error(
            details.reason if known else "UNSPECIFIED", details.message, details=details
        )
    reason = _REASON_OF_BARE_STATUS.get(details.code, "CONNECTION_LOST")
    return pubsub_error(reason, details.message or "the connection ended", details=details)


def error_from_grpc(error: grpc.RpcError) -> PubSubError:
    """The error that a failed call speaks of, with the call's error as its cause."""
    trailers = getattr(error, "trailing_metadata", lambda: None)() or ()
    details: StatusDetails | None = None
    for key, value in trailers:
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            details = decode_status_details(value)
    if details is None:
        code = getattr(error, "code", lambda: None)()
        number = code.value[0] if isinstance(code, grpc.StatusCode) else _UNKNOWN
        details = StatusDetails(
            code=number, message=str(getattr(error, "details", lambda: "")() or "")
        )
    made = error_from_status(details)
    made.__cause__ = error
    return made


def reason_name(number: int) -> str:
    """Name of an ErrorReason by its number; UNSPECIFIED for one that is not known here."""
    try:
        name: str = errors_pb2.ErrorReason.Name(number)
        return name.removeprefix("ERROR_REASON_")
    except ValueError:
        return "UNSPECIFIED"
