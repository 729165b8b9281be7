"""Makes the vectors of this folder from the contract's comments and google's protobuf alone.

Shares no code with any client: what it writes is a second opinion on the format. Run it from the
top of the repository with the generated package on the path:

    PYTHONPATH=packages/python/src python packages/protocol/vectors/make_vectors.py && npm run fix
"""

import json
from pathlib import Path

from body_vectors import body_cases, compressed
from error_and_name_vectors import error_cases, name_cases
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2, event_pb2

HERE = Path(__file__).parent
HEAD_FIELDS = (
    "id",
    "source",
    "type",
    "subject",
    "time_unix_ns",
    "correlation_id",
    "causation_id",
    "ordering_key",
    "expire_time_unix_ms",
)
INTEGERS = ("time_unix_ns", "expire_time_unix_ms")
PRODUCER = bytes(range(16))


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 if crc & 1 else crc >> 1
    return crc ^ 0xFFFFFFFF


def _head_of(fields: dict, defaults: dict) -> event_pb2.EventHead:
    head = event_pb2.EventHead()
    for name in HEAD_FIELDS:
        if name in fields and fields[name] != defaults.get(name):
            value = fields[name]
            setattr(head, name, int(value) if name in INTEGERS else value)
    return head


def _body_of(fields: dict) -> bytes:
    body = event_pb2.EventBody(
        data=bytes.fromhex(fields.get("data_hex", "")),
        data_content_type=fields.get("data_content_type", ""),
        data_schema=fields.get("data_schema", ""),
        attributes=fields.get("attributes", {}),
        traceparent=fields.get("traceparent", ""),
        tracestate=fields.get("tracestate", ""),
    )
    if "metadata" in fields:
        body.metadata.CopyFrom(event_pb2.EventMetadata(**fields["metadata"]))
    return body.SerializeToString(deterministic=True)


def _expected(batch: batch_pb2.RecordBatch, index: int, fields: dict, defaults: dict) -> dict:
    producer = batch.producer_id.hex()
    known = {**defaults, **fields}
    answer = {name: known.get(name) for name in HEAD_FIELDS}
    answer["id"] = known.get("id", f"{producer}-{batch.base_sequence + index}")
    answer["source"] = known.get("source", f"/producers/{producer}")
    answer["time_unix_ns"] = known.get("time_unix_ns", str(batch.append_time_unix_ms * 1_000_000))
    answer["offset"] = str(batch.base_offset + index)
    answer["data_hex"] = fields.get("data_hex", "")
    answer["data_content_type"] = fields.get("data_content_type", "application/octet-stream")
    answer["data_schema"] = fields.get("data_schema")
    answer["metadata"] = fields.get("metadata")
    answer["attributes"] = fields.get("attributes", {})
    answer["traceparent"] = fields.get("traceparent")
    answer["tracestate"] = fields.get("tracestate")
    return answer


def _build(case: dict) -> batch_pb2.RecordBatch:
    defaults = case.get("defaults", {})
    bodies = [_body_of(event) for event in case["events"]]
    heads = event_pb2.EventHeads()
    for event, body in zip(case["events"], bodies, strict=True):
        head = _head_of(event, defaults)
        if len(body) != defaults.get("body_length", 0):
            head.body_length = len(body)
        heads.heads.append(head)
    raw = b"".join(bodies)
    codec = case.get("codec", "UNSPECIFIED")
    batch = batch_pb2.RecordBatch(
        topic=case["topic"],
        partition=case.get("partition", 0),
        count=len(bodies),
        codec=batch_pb2.Codec.Value(f"CODEC_{codec}"),
        bodies_raw_bytes=len(raw),
        priority=event_pb2.Priority.Value(f"PRIORITY_{case.get('priority', 'UNSPECIFIED')}"),
        heads=heads.SerializeToString(),
        bodies=compressed(raw, codec),
    )
    batch.heads_crc32c = _crc32c(batch.heads)
    batch.bodies_crc32c = _crc32c(batch.bodies)
    if "producer" in case:
        producer = case["producer"]
        batch.producer_id = bytes.fromhex(producer["id_hex"])
        batch.producer_epoch = producer["epoch"]
        batch.base_sequence = int(producer["base_sequence"])
    if defaults:
        batch.defaults.CopyFrom(_head_of(defaults, {}))
        if "body_length" in defaults:
            batch.defaults.body_length = defaults["body_length"]
    if "deliver_time_unix_ms" in case:
        batch.deliver_time_unix_ms = int(case["deliver_time_unix_ms"])
    return batch


def _finish(case: dict) -> dict:
    batch = _build(case)
    sent = batch.SerializeToString()
    batch.base_offset = int(case["stored"]["base_offset"])
    batch.append_time_unix_ms = int(case["stored"]["append_time_unix_ms"])
    defaults = case.get("defaults", {})
    return {
        **case,
        "heads_hex": batch.heads.hex(),
        "bodies_hex": batch.bodies.hex(),
        "sent_hex": sent.hex(),
        "stored_hex": batch.SerializeToString().hex(),
        "decoded": [_expected(batch, i, e, defaults) for i, e in enumerate(case["events"])],
    }


def _text(value: str) -> str:
    return value.encode().hex()


def _batch_cases() -> list[dict]:
    producer = {"id_hex": PRODUCER.hex(), "epoch": 7, "base_sequence": str(2**64 - 9)}
    stored = {"base_offset": str(2**63 + 5), "append_time_unix_ms": "1760000000123"}
    zero = {"base_offset": "0", "append_time_unix_ms": "1"}
    full = {
        "id": "0190-a",
        "source": "/poet/één",
        "type": "drift.detected",
        "subject": "модель/价格/🛰",
        "time_unix_ns": str(2**63 - 1),
        "correlation_id": "run-1",
        "causation_id": "0190-0",
        "ordering_key": "k" * 1024,
        "expire_time_unix_ms": str(-(2**63)),
        "data_hex": _text('{"score":0.93,"nested":{"a":[1,null,"ü"]}}'),
        "data_content_type": "application/json",
        "data_schema": "urn:opendxa:pubsub:v1:drift.detected",
        "metadata": {"version": "1.2.3", "service": "monitor", "environment": "production"},
        "attributes": {"a": "1", "b": "ß", "z": "é" * 127},
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": "vendor=1",
    }
    plain = {"id": "1", "type": "t"}
    return [
        {"name": "one plain event", "topic": "t", "events": [plain], "stored": zero},
        {
            "name": "every field",
            "topic": "poet/functions/f/execution",
            "partition": 1023,
            "priority": "HIGH",
            "producer": producer,
            "events": [full],
            "stored": stored,
        },
        {
            "name": "empty texts and empty data",
            "topic": "t",
            "stored": zero,
            "events": [
                {"id": "1", "type": "t", "subject": "", "correlation_id": "", "data_hex": ""}
            ],
        },
        {
            "name": "binary data",
            "topic": "t",
            "stored": zero,
            "events": [{"id": "1", "type": "t", "data_hex": bytes(range(256)).hex()}],
        },
        {
            "name": "defaults that heads override",
            "topic": "t",
            "stored": zero,
            "defaults": {"source": "/s", "type": "t", "correlation_id": "c", "time_unix_ns": "5"},
            "events": [
                {"id": "1"},
                {"id": "2", "type": "u"},
                {"id": "3", "correlation_id": ""},
                {"id": "4", "source": "/s", "time_unix_ns": "-1", "data_hex": "00"},
            ],
        },
        {
            "name": "shared body length",
            "topic": "t",
            "stored": zero,
            "producer": producer,
            "defaults": {"type": "t", "body_length": 4},
            "events": [{"data_hex": "0001"}, {"data_hex": "fffe"}, {"data_hex": ""}],
        },
        {
            "name": "ids and sources of the producer",
            "topic": "t",
            "producer": producer,
            "stored": stored,
            "events": [{"type": "a"}, {"type": "b", "id": "own"}, {"type": "c"}],
        },
        {
            "name": "scheduled, low priority",
            "topic": "t",
            "priority": "LOW",
            "stored": zero,
            "deliver_time_unix_ms": "1760003600000",
            "events": [plain],
        },
        {
            "name": "scheduled for the epoch",
            "topic": "t",
            "stored": zero,
            "deliver_time_unix_ms": "0",
            "events": [plain],
        },
        *(case for codec in ("GZIP", "LZ4", "ZSTD") for case in _compressed_cases(codec)),
        {
            "name": "more events than one byte counts",
            "topic": "t",
            "stored": zero,
            "producer": {**producer, "base_sequence": str(2**64 - 130)},
            "defaults": {"type": "t"},
            "events": [{"data_hex": f"{i:04x}"} for i in range(130)],
        },
    ]


def _compressed_cases(codec: str) -> list[dict]:
    base = {
        "topic": "t",
        "codec": codec,
        "stored": {"base_offset": "0", "append_time_unix_ms": "1"},
    }
    again = {"type": "t", "data_hex": _text("again " * 50)}
    events = [{"id": str(number), **again} for number in range(9)]
    plain = {"id": "1", "type": "t"}
    return [
        {"name": codec.lower(), **base, "exact_bodies": False, "events": events},
        {"name": f"{codec.lower()} of nothing", **base, "exact_bodies": False, "events": [plain]},
    ]


def _varied(name: str, reason: str, **fields: object) -> dict:
    batch = _build({"topic": "t", "events": [{"id": "1", "type": "t", "data_hex": "aa"}]})
    for field, value in fields.items():
        setattr(batch, field, value)
    if "heads_crc32c" not in fields:
        batch.heads_crc32c = _crc32c(batch.heads)
    if "bodies_crc32c" not in fields:
        batch.bodies_crc32c = _crc32c(batch.bodies)
    return {"name": name, "reason": reason, "sent_hex": batch.SerializeToString().hex()}


def _malformed_cases() -> list[dict]:
    head = "0a080a01311a01745003"
    return [
        _varied("no events", "BATCH_COUNT_MISMATCH", count=0),
        _varied("more events than heads", "BATCH_COUNT_MISMATCH", count=2),
        _varied("more events than bytes", "BATCH_COUNT_MISMATCH", count=65535),
        _varied("more events than a batch may hold", "BATCH_COUNT_MISMATCH", count=65536),
        _varied("fewer events than heads", "BATCH_COUNT_MISMATCH", heads=bytes.fromhex(head * 2)),
        _varied("wrong checksum of heads", "BATCH_CHECKSUM_MISMATCH", heads_crc32c=1),
        _varied("wrong checksum of bodies", "BATCH_CHECKSUM_MISMATCH", bodies_crc32c=1),
        _varied("raw size above the sum", "BATCH_MALFORMED", bodies_raw_bytes=4),
        _varied("bodies too short", "BATCH_MALFORMED", bodies=b"\n\x01"),
        _varied("head runs over the end", "BATCH_MALFORMED", heads=bytes.fromhex("0a7f0a0131")),
        _varied("text runs over its head", "BATCH_MALFORMED", heads=bytes.fromhex("0a030a7f31")),
        _varied("no head at all", "BATCH_MALFORMED", heads=bytes.fromhex("0801")),
        _varied("id as a number", "BATCH_MALFORMED", heads=bytes.fromhex("0a020801")),
        _varied("group", "BATCH_MALFORMED", heads=bytes.fromhex("0a017b")),
        _varied("number above 32 bits", "BATCH_MALFORMED", heads=bytes.fromhex("0a0650ffffffff7f")),
        _varied("producer id of 15 bytes", "BATCH_MALFORMED", producer_id=bytes(15)),
        _varied("codec of the future", "CODEC_NOT_SUPPORTED", codec=9),
    ]


def _refused_cases() -> list[dict]:
    def case(name: str, head: bytes, field: str) -> dict:
        heads = b"\x0a" + bytes([len(head)]) + head
        made = _varied(name, "EVENT_INVALID", heads=heads, bodies=b"", bodies_raw_bytes=0)
        return {**made, "index": 0, "field": field}

    return [
        case("no type", b"\x0a\x011", "type"),
        case("no id and no producer", b"\x1a\x01t", "id"),
        case("empty id", b"\x0a\x00\x1a\x01t", "id"),
        case("control character", b"\x0a\x01\x1f\x1a\x01t", "id"),
        case("delete character", b"\x0a\x01\x7f\x1a\x01t", "id"),
        case("broken UTF-8", b"\x0a\x02\xc3\x28\x1a\x01t", "id"),
        case("surrogate in UTF-8", b"\x0a\x03\xed\xa0\x80\x1a\x01t", "id"),
    ]


def _partition_cases() -> list[dict]:
    keys = ["", "a", "customer-17", "ключ", "🛰", "k" * 1024]
    return [
        {
            "key": key,
            "crc32c": _crc32c(key.encode()),
            "partitions": {str(n): _crc32c(key.encode()) % n for n in (1, 2, 3, 16, 1024)},
        }
        for key in keys
    ]


def _bitmap_cases() -> list[dict]:
    def bits(count: int, indexes: list[int]) -> str:
        data = bytearray((count + 7) // 8)
        for i in indexes:
            data[i // 8] |= 1 << i % 8
        return data.hex()

    cases = [(1, [0]), (8, [0, 7]), (9, [8]), (17, [0, 1, 9, 16]), (3, [0, 1, 2]), (20, [])]
    return [{"count": c, "indexes": i, "hex": bits(c, i)} for c, i in cases]


def _write(name: str, value: object) -> None:
    text_of = json.dumps(value, indent=1, ensure_ascii=True)
    (HERE / f"{name}.json").write_text(text_of + "\n", encoding="utf-8")


_write("batches", [_finish(case) for case in _batch_cases()])
_write("malformed", _malformed_cases())
_write("refused", _refused_cases())
_write("partitions", _partition_cases())
_write("bitmaps", _bitmap_cases())
_write("errors", error_cases())
_write("names", name_cases())
_write("bodies", body_cases())
