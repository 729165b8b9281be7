"""Compressed bodies, written by hand from the formats' own documents.

No compressor of a client has a part in it: LZ4 blocks after lz4_Block_format.md, Zstandard frames
after RFC 8878 in raw and run-length blocks. Only GZIP comes from Python's own library.
"""

import gzip

_LZ4_LITERALS_LAST = 12
_ZSTD_MAGIC = bytes.fromhex("28b52ffd")
_ZSTD_BLOCK_MAX = 128 * 1024
_MIB = 1024 * 1024


def _lz4_length(nibble: int) -> tuple[int, bytes]:
    if nibble < 15:
        return nibble, b""
    rest = nibble - 15
    return 15, b"\xff" * (rest // 255) + bytes([rest % 255])


def _lz4_sequence(literals: bytes, offset: int = 0, match: int = 0) -> bytes:
    high, more = _lz4_length(len(literals))
    if offset == 0:
        return bytes([high << 4]) + more + literals
    low, longer = _lz4_length(match - 4)
    return bytes([high << 4 | low]) + more + literals + offset.to_bytes(2, "little") + longer


def lz4_block(raw: bytes) -> bytes:
    """One block: the longest run of a repeated piece at the front as a match, the rest literal."""
    for period in range(1, len(raw) // 2):
        end = period
        while end < len(raw) - _LZ4_LITERALS_LAST and raw[end] == raw[end - period]:
            end += 1
        if end - period >= 2 * period + 4:
            return _lz4_sequence(raw[:period], period, end - period) + _lz4_sequence(raw[end:])
    return _lz4_sequence(raw)


def _zstd_header(raw_bytes: int | None, window_log: int = 0) -> bytes:
    if raw_bytes is None:  # a window and no size
        return _ZSTD_MAGIC + b"\x00" + bytes([(window_log - 10) << 3])
    return _ZSTD_MAGIC + b"\xa0" + raw_bytes.to_bytes(4, "little")


def _zstd_block(content: bytes, *, run: int = 0, is_last: bool = True) -> bytes:
    head = (run or len(content)) << 3 | (1 if run else 0) << 1 | is_last
    return head.to_bytes(3, "little") + content


def zstd_frame(raw: bytes) -> bytes:
    """One frame that states its size: a run as such, anything else raw, without a checksum."""
    if raw and raw == raw[:1] * len(raw):
        return _zstd_header(len(raw)) + _zstd_block(raw[:1], run=len(raw))
    return _zstd_header(len(raw)) + _zstd_block(raw)


def compressed(raw: bytes, codec: str) -> bytes:
    """Bodies in a codec of the contract, by the name of its value."""
    if codec == "GZIP":
        return gzip.compress(raw, mtime=0)
    return {"LZ4": lz4_block, "ZSTD": zstd_frame, "UNSPECIFIED": bytes}[codec](raw)


def _read(name: str, codec: str, raw: bytes, bodies: bytes | None = None) -> dict:
    known = compressed(raw, codec) if bodies is None else bodies
    case = {"name": f"{codec.lower()}: {name}", "codec": codec, "bodies_hex": known.hex()}
    return {**case, "bodies_raw_bytes": len(raw), "raw_hex": raw.hex()}


def _refused(name: str, codec: str, bodies: bytes, raw_bytes: int) -> dict:
    case = {"name": f"{codec.lower()}: {name}", "codec": codec, "bodies_hex": bodies.hex()}
    is_large = raw_bytes > 64 * _MIB
    return {
        **case,
        "bodies_raw_bytes": raw_bytes,
        "reason": "LIMIT_EXCEEDED" if is_large else "BATCH_MALFORMED",
        "field": "bodies_raw_bytes" if is_large else "bodies",
    }


def _of_codec(codec: str) -> list[dict]:
    some = b"abcabcabcabcabcabcabcabcabcabcabcabcabcabc\x00\xff"
    known = compressed(some, codec)
    run = compressed(b"\x00" * 100_000, codec)
    return [
        _read("nothing", codec, b""),
        _read("one byte", codec, b"\xff"),
        _read("a repeated piece", codec, some),
        _read("a run", codec, b"\x00" * 1_000),
        _read("every byte", codec, bytes(range(256))),
        _refused("more than stated", codec, known, len(some) - 1),
        _refused("less than stated", codec, known, len(some) + 1),
        _refused("nothing stated", codec, known, 0),
        _refused("cut short", codec, known[:-1], len(some)),
        _refused("something follows", codec, known + b"\x01", len(some)),
        _refused("no bytes at all", codec, b"", len(some)),
        _refused("not of the codec", codec, b"\xf0" + some, len(some)),
        _refused("a bomb", codec, run, 100),
        _refused("more stated than the contract lets", codec, run, 64 * _MIB + 1),
    ]


def _zstd_of_its_own() -> list[dict]:
    window = _zstd_header(None, window_log=17)
    run = _zstd_block(b"x", run=_ZSTD_BLOCK_MAX, is_last=False)
    lying = _zstd_header(2**31) + _zstd_block(b"abc")
    return [
        _read("no size stated", "ZSTD", b"abc", window + _zstd_block(b"abc")),
        _refused("a bomb without a size", "ZSTD", window + run * 800 + _zstd_block(b"x"), 100),
        _refused("a size that is not there", "ZSTD", lying, 3),
        _read("the largest window", "ZSTD", b"abc", _zstd_header(None, 26) + _zstd_block(b"abc")),
        _refused("a larger window", "ZSTD", _zstd_header(None, 27) + _zstd_block(b"abc"), 3),
    ]


def body_cases() -> list[dict]:
    """What readers of batches read or refuse, whatever the batch around it."""
    codecs = ("UNSPECIFIED", "LZ4", "ZSTD", "GZIP")
    known = [case for codec in codecs[1:] for case in _of_codec(codec)]
    plain = [
        _read("some", "UNSPECIFIED", b"abc"),
        _refused("more than stated", "UNSPECIFIED", b"abc", 2),
    ]
    return [*plain, *known, *_zstd_of_its_own()]
