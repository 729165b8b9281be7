"""Compressed bodies of batches, in every codec of the contract.

What comes in is not trusted: a reader writes at most what ``bodies_raw_bytes`` states, and refuses
what states more than the contract's bound before it asks for memory.
"""

import sys
import zlib

import lz4.block

from opendxa_pubsub._errors import PubSubError, pubsub_error
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2
from opendxa_pubsub._limits import BODIES_RAW_BYTES_MAX, ZSTD_WINDOW_LOG_MAX

if sys.version_info >= (3, 14):
    try:
        from compression import zstd
    except ImportError:  # an interpreter built without it: CODEC_NOT_SUPPORTED tells who asks
        zstd = None
else:
    from backports import zstd

# zlib's own number for a gzip envelope around deflate.
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_GZIP_FASTEST = 1


def compress_bodies(raw: bytes, codec: batch_pb2.Codec) -> bytes:
    """Compresses bodies.

    Args:
        raw: The bodies, one after another.
        codec: How; ``CODEC_UNSPECIFIED`` leaves them as they are.

    Returns:
        What a batch carries.

    Raises:
        PubSubInvalidError: CODEC_NOT_SUPPORTED.
    """
    if codec == batch_pb2.CODEC_UNSPECIFIED:
        return raw
    if codec == batch_pb2.CODEC_LZ4:
        block: bytes = lz4.block.compress(raw, store_size=False)
        return block
    if codec == batch_pb2.CODEC_ZSTD and zstd is not None:
        return zstd.compress(raw)
    if codec == batch_pb2.CODEC_GZIP:
        return zlib.compress(raw, _GZIP_FASTEST, _GZIP_WINDOW)
    raise _not_supported(codec)


def decompress_bodies(bodies: bytes, codec: batch_pb2.Codec, raw_bytes: int) -> bytes:
    """Decompresses bodies to exactly so many bytes.

    Args:
        bodies: What a batch carries.
        codec: How they are compressed.
        raw_bytes: Their size before compression, at most 64 MiB; more is never allocated.

    Returns:
        The bodies, one after another.

    Raises:
        PubSubInvalidError: CODEC_NOT_SUPPORTED; LIMIT_EXCEEDED where ``raw_bytes`` is above the
            limit; BATCH_MALFORMED where the bodies do not decompress to it, or something follows.
    """
    if raw_bytes > BODIES_RAW_BYTES_MAX:
        metadata = {"field": "bodies_raw_bytes", "limit": BODIES_RAW_BYTES_MAX, "size": raw_bytes}
        raise pubsub_error(
            "LIMIT_EXCEEDED", f"bodies of {raw_bytes} bytes before compression", metadata
        )
    if codec == batch_pb2.CODEC_UNSPECIFIED:
        raw: bytes | None = bodies
    elif codec == batch_pb2.CODEC_LZ4:
        raw = _unpack_lz4(bodies, raw_bytes)
    elif codec == batch_pb2.CODEC_ZSTD and zstd is not None:
        raw = _unpack_zstd(bodies, raw_bytes)
    elif codec == batch_pb2.CODEC_GZIP:
        raw = _unpack_gzip(bodies, raw_bytes)
    else:
        raise _not_supported(codec)
    if raw is None or len(raw) != raw_bytes:
        rule = f"bodies decompress to {raw_bytes} bytes"
        raise pubsub_error("BATCH_MALFORMED", rule, {"field": "bodies", "rule": rule})
    return raw


def _not_supported(codec: batch_pb2.Codec) -> PubSubError:
    text = f"codec {codec} is not known here"
    return pubsub_error("CODEC_NOT_SUPPORTED", text, {"codec": codec})


def _unpack_lz4(block: bytes, raw_bytes: int) -> bytes | None:
    try:
        raw: bytes = lz4.block.decompress(block, uncompressed_size=raw_bytes)
    except lz4.block.LZ4BlockError:
        return None
    return raw


def _unpack_zstd(frame: bytes, raw_bytes: int) -> bytes | None:
    window: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG_MAX}
    reader = zstd.ZstdDecompressor(options=window)
    try:
        # Room for one byte more: only then is the end of a frame of the right size noticed.
        raw = reader.decompress(frame, raw_bytes + 1)
    except zstd.ZstdError:
        return None
    return raw if reader.eof and not reader.unused_data else None


def _unpack_gzip(member: bytes, raw_bytes: int) -> bytes | None:
    reader = zlib.decompressobj(_GZIP_WINDOW)
    try:
        raw = reader.decompress(member, raw_bytes + 1)
    except zlib.error:
        return None
    return raw if reader.eof and not reader.unused_data else None
