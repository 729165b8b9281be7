"""What can be stated of a client."""

from opendxa_pubsub._arguments import number, text
from opendxa_pubsub._limits import CLIENT_NAME_BYTES_MAX, SECONDS_MAX


def check_client_options(
    *, namespace: str, source: str | None, name: str, timeout_s: float
) -> None:
    """Refuses what would break every call or stream of a client.

    Raises:
        PubSubInvalidError: BAD_REQUEST with ``field`` and ``rule``.
    """
    text("namespace", namespace)
    if source is not None:
        text("source", source)
    text("name", name, CLIENT_NAME_BYTES_MAX)
    number("timeout_s", timeout_s, 0, SECONDS_MAX)
