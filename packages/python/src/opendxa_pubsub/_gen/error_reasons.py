# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.
"""What the contract says about each ErrorReason."""

from typing import Final, NamedTuple


class ErrorReasonInfo(NamedTuple):
    """Number in ErrorReason, gRPC status, whether a retry helps, and advice."""

    number: int
    code: int
    retryable: bool
    advice: str


ERROR_REASONS: Final[dict[str, ErrorReasonInfo]] = {
    "UNSPECIFIED": ErrorReasonInfo(0, 2, False, "Treat it by its gRPC status."),
    "BAD_REQUEST": ErrorReasonInfo(1, 3, False, "Correct the named field."),
    "TOPIC_NAME_INVALID": ErrorReasonInfo(2, 3, False, "Use 1 to 255 bytes of segments parted by '/', without wildcards."),
    "TOPIC_PATTERN_INVALID": ErrorReasonInfo(3, 3, False, "Use '*' for one segment and '**' only as the last segment."),
    "BATCH_MALFORMED": ErrorReasonInfo(4, 3, False, "Encode the batch as RecordBatch's comment says; a client library does."),
    "BATCH_CHECKSUM_MISMATCH": ErrorReasonInfo(5, 3, True, "Send the batch again; if it persists, the sender computes CRC-32C wrongly."),
    "BATCH_COUNT_MISMATCH": ErrorReasonInfo(6, 3, False, "State the number of events that the batch holds."),
    "LIMIT_EXCEEDED": ErrorReasonInfo(7, 3, False, "Make it smaller; `limit` says how much is allowed. GetBroker lists the most important limits."),
    "EVENT_INVALID": ErrorReasonInfo(8, 3, False, "Correct the event; the others of its batch were stored unless the batch is atomic."),
    "PARTITION_INVALID": ErrorReasonInfo(9, 3, False, "Compute CRC-32C of the ordering key modulo the partition count."),
    "FRAME_OUT_OF_ORDER": ErrorReasonInfo(10, 3, False, "Open the stream anew and number its frames from 1."),
    "CODEC_NOT_SUPPORTED": ErrorReasonInfo(11, 3, False, "Use a codec of GetBroker's list."),
    "CORRELATION_KEY_INVALID": ErrorReasonInfo(12, 3, False, "Write it as, for example, `mlflow:run:<run id>`."),
    "NAMESPACE_NOT_FOUND": ErrorReasonInfo(20, 5, False, "Use a namespace of the broker's configuration; absent means `default`."),
    "TOPIC_NOT_FOUND": ErrorReasonInfo(21, 5, False, "Create the topic, or correct its name."),
    "SUBSCRIPTION_NOT_FOUND": ErrorReasonInfo(22, 5, False, "Create the subscription, or open the stream with its settings."),
    "EVENT_NOT_FOUND": ErrorReasonInfo(23, 5, False, "Check the id; the event may have left with its retention."),
    "EXECUTION_NOT_FOUND": ErrorReasonInfo(24, 5, False, "Register it; feedback that came before is kept."),
    "WAIT_NOT_FOUND": ErrorReasonInfo(25, 5, False, "Start it with AwaitFeedback."),
    "SCHEMA_NOT_FOUND": ErrorReasonInfo(26, 5, False, "Register it first."),
    "SNAPSHOT_NOT_FOUND": ErrorReasonInfo(27, 5, False, "List the subscription's snapshots."),
    "TOPIC_EXISTS": ErrorReasonInfo(30, 6, False, "Use it as it is, or change it with UpdateTopic."),
    "SUBSCRIPTION_EXISTS": ErrorReasonInfo(31, 6, False, "Use it as it is, or choose another name."),
    "EXECUTION_EXISTS": ErrorReasonInfo(32, 6, False, "Execution ids are unique; register each once."),
    "WAIT_EXISTS": ErrorReasonInfo(33, 6, False, "Choose another wait id."),
    "PRODUCER_FENCED": ErrorReasonInfo(40, 10, False, "Stop publishing as this producer, or open a new stream for a new epoch."),
    "SEQUENCE_UNKNOWN": ErrorReasonInfo(41, 9, False, "Look the events up by id before sending them again."),
    "SUBSCRIPTION_EPOCH_CHANGED": ErrorReasonInfo(42, 10, True, "Open the stream again."),
    "SUBSCRIPTION_DELETED": ErrorReasonInfo(43, 5, False, "Create it again if it is still wanted."),
    "CONSUMER_LIMIT": ErrorReasonInfo(44, 8, True, "Wait until one leaves."),
    "DEADLINE_OUT_OF_RANGE": ErrorReasonInfo(45, 3, False, "Keep within the limit."),
    "OFFSET_OUT_OF_RANGE": ErrorReasonInfo(46, 11, False, "Read from `first`, or wait for `next`."),
    "OVERLOADED": ErrorReasonInfo(50, 8, True, "Wait as RetryInfo says and send again with the same ids."),
    "LIMIT_REACHED": ErrorReasonInfo(51, 8, False, "Delete or settle what is not needed; `field` names what there is too much of."),
    "RATE_LIMITED": ErrorReasonInfo(52, 8, True, "Wait as RetryInfo says."),
    "STORAGE_NEARLY_FULL": ErrorReasonInfo(53, 8, True, "Free space or lower the retention."),
    "SHUTTING_DOWN": ErrorReasonInfo(60, 14, True, "Connect again and retry with the same ids."),
    "STORAGE_FAILED": ErrorReasonInfo(61, 14, True, "An operator must restart the broker; then retry with the same ids."),
    "HEARTBEAT_MISSED": ErrorReasonInfo(62, 14, True, "Open the stream again."),
    "CONNECTION_LOST": ErrorReasonInfo(63, 14, True, "Retry with the same ids."),
    "TIMED_OUT": ErrorReasonInfo(64, 4, True, "Retry with the same ids."),
    "CLIENT_CLOSED": ErrorReasonInfo(65, 1, False, "Do not use a closed client."),
    "BUFFER_FULL": ErrorReasonInfo(66, 8, True, "Wait for earlier publishes to be acknowledged."),
    "UNAUTHENTICATED": ErrorReasonInfo(70, 16, False, "Send a valid credential."),
    "PERMISSION_DENIED": ErrorReasonInfo(71, 7, False, "Ask for the named permission."),
    "SIGNATURE_INVALID": ErrorReasonInfo(72, 16, False, "Check the secret on both sides and the sender's clock."),
    "NOT_SERVED_YET": ErrorReasonInfo(80, 12, False, "Use a later version."),
    "FILTER_INVALID": ErrorReasonInfo(81, 3, False, "Simplify the filter."),
    "SCHEMA_VIOLATION": ErrorReasonInfo(82, 3, False, "Correct the data."),
    "SCHEMA_INCOMPATIBLE": ErrorReasonInfo(83, 9, False, "Change the schema compatibly."),
    "SUBSCRIPTION_PAUSED": ErrorReasonInfo(84, 9, True, "Resume it."),
    "DATA_CORRUPT": ErrorReasonInfo(90, 15, False, "Stop the broker and run its commands verify and repair on the data folder."),
    "INTERNAL": ErrorReasonInfo(91, 13, False, "Report it with the incident number."),
}
