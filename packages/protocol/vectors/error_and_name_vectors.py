"""Vectors of error details and names: the part of the vectors that needs no batch."""


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _field(tag: int, value: bytes) -> bytes:
    return _varint(tag) + _varint(len(value)) + value


def _any_of(name: str, value: bytes) -> bytes:
    return _field(
        26, _field(10, f"type.googleapis.com/google.rpc.{name}".encode()) + _field(18, value)
    )


def error_cases() -> list[dict]:
    """Error details as they travel in the trailer, with what they mean."""
    info = _field(10, b"OVERLOADED") + _field(18, b"pubsub.opendxa")
    for key, value in (("bytes", "67108865"), ("limit", "67108864")):
        info += _field(26, _field(10, key.encode()) + _field(18, value.encode()))
    retry = _field(10, b"\x08\x01\x10" + _varint(500_000_000))
    short = _field(10, b"INTERNAL") + _field(18, b"pubsub.opendxa")
    violation = _field(10, _field(10, b"settings.patterns") + _field(18, "zwölf".encode()))
    request = _field(10, b"BAD_REQUEST") + _field(18, b"pubsub.opendxa")
    message = "OVERLOADED: too many bytes wait"
    return [
        {
            "reason": "OVERLOADED",
            "code": 8,
            "message": message,
            "retryable": True,
            "metadata": {"bytes": "67108865", "limit": "67108864"},
            "retry_after_ms": 1500,
            "field_violations": [],
            "hex": (
                b"\x08\x08"
                + _field(18, message.encode())
                + _any_of("ErrorInfo", info)
                + _any_of("RetryInfo", retry)
            ).hex(),
        },
        {
            "reason": "INTERNAL",
            "code": 13,
            "message": "INTERNAL: x",
            "retryable": False,
            "metadata": {},
            "retry_after_ms": None,
            "field_violations": [],
            "hex": (b"\x08\x0d" + _field(18, b"INTERNAL: x") + _any_of("ErrorInfo", short)).hex(),
        },
        {
            "reason": "BAD_REQUEST",
            "code": 3,
            "message": "BAD_REQUEST: patterns",
            "retryable": False,
            "metadata": {},
            "retry_after_ms": None,
            "field_violations": [{"field": "settings.patterns", "description": "zwölf"}],
            "hex": (
                b"\x08\x03"
                + _field(18, b"BAD_REQUEST: patterns")
                + _any_of("ErrorInfo", request)
                + _any_of("BadRequest", violation)
            ).hex(),
        },
    ]


def name_cases() -> dict:
    """Names that hold and names that break the grammar."""
    return {
        "topics": {
            "valid": [
                "t",
                "poet/functions/detect_drift/feedback",
                "$dead-letter/s",
                "é/ü",
                "a b",
                "x" * 255,
                "é" * 127,
            ],
            "invalid": [
                "",
                "/",
                "a/",
                "/a",
                "a//b",
                "a/*",
                "**",
                "a*b",
                "a\u0000b",
                "a\nb",
                "a\u007f",
                "x" * 256,
                "é" * 128,
            ],
        },
        "patterns": {
            "invalid": ["", "a//b", "**/a", "a*", "a/b**", "***", "a/**/b", "x" * 256],
            "matches": [
                {"pattern": p, "topic": t, "matches": m}
                for p, t, m in (
                    ("a/b", "a/b", True),
                    ("a/b", "a/c", False),
                    ("a/*", "a/b", True),
                    ("a/*", "a", False),
                    ("a/*", "a/b/c", False),
                    ("*/*", "a/b", True),
                    ("a/**", "a", False),
                    ("a/**", "a/b", True),
                    ("a/**", "a/b/c/d", True),
                    ("**", "a", True),
                    ("**", "a/b", True),
                    ("*", "$x", False),
                    ("**", "$x/y", False),
                    ("a/**", "a/$x", False),
                    ("a/**", "a/b/$x", False),
                    ("$x/**", "$x/y", True),
                    ("$x/*", "$x/$y", False),
                    ("$x/$y", "$x/$y", True),
                    ("feedback", "feedback", True),
                    ("feedback", "poet/functions/f/feedback", True),
                    ("feedback", "poet/functions/$f/feedback", False),
                    ("feedback", "poet/functions/f/g/feedback", False),
                    ("feedback/*", "poet/functions/f/feedback", False),
                    ("poet/functions/*/feedback", "feedback", False),
                )
            ],
        },
        "correlation_keys": {
            "valid": [
                {"key": k, "system": s, "kind": n, "rest": r}
                for k, s, n, r in (
                    ("mlflow:run:0af7", "mlflow", "run", "0af7"),
                    ("mlflow:model:churn/3", "mlflow", "model", "churn/3"),
                    ("pagerduty:dedup:a:b::c ", "pagerduty", "dedup", "a:b::c "),
                    ("opendxa:execution:é", "opendxa", "execution", "é"),
                )
            ],
            "invalid": [
                "",
                "a",
                "a:b",
                "a:b:",
                ":b:c",
                "a::c",
                "A:b:c",
                "a:b c:d",
                "a:b:\u0000",
                "a:b:" + "x" * 1021,
                "x" * 65 + ":b:c",
            ],
        },
    }
