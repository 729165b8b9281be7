import tracemalloc
from typing import Any

import pytest
from vectors import load

from opendxa_pubsub import OutgoingEvent, PubSubError, PubSubInvalidError
from opendxa_pubsub import _compression as compression
from opendxa_pubsub._batch import decode_batch, encode_batch
from opendxa_pubsub._checksum import crc32c
from opendxa_pubsub._compression import compress_bodies, decompress_bodies
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2, event_pb2
from opendxa_pubsub._limits import BODIES_RAW_BYTES_MAX, KIB, MIB

CODECS = (batch_pb2.CODEC_LZ4, batch_pb2.CODEC_ZSTD, batch_pb2.CODEC_GZIP)


@pytest.mark.parametrize("case", load("bodies"), ids=lambda case: case["name"])
def test_bodies_are_read_or_refused(case: dict[str, Any]) -> None:
    bodies = bytes.fromhex(case["bodies_hex"])
    codec = batch_pb2.Codec.Value(f"CODEC_{case['codec']}")
    if "raw_hex" in case:
        assert decompress_bodies(bodies, codec, case["bodies_raw_bytes"]).hex() == case["raw_hex"]
        return
    with pytest.raises(PubSubError) as caught:
        decompress_bodies(bodies, codec, case["bodies_raw_bytes"])
    assert (caught.value.reason, caught.value.metadata["field"]) == (case["reason"], case["field"])
    assert {"rule", "limit"} & caught.value.metadata.keys()


@pytest.mark.parametrize("codec", CODECS)
def test_a_bomb_takes_no_more_memory_than_it_states(codec: batch_pb2.Codec) -> None:
    bomb = compress_bodies(bytes(32 * MIB), codec)
    assert len(bomb) < MIB
    decompress_bodies(compress_bodies(b"a", codec), codec, 1)
    tracemalloc.start()
    try:
        for stated in (0, 100 * KIB, BODIES_RAW_BYTES_MAX + 1):
            with pytest.raises(PubSubError):
                decompress_bodies(bomb, codec, stated)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # One that copies what it did not take, as zlib does with its input, holds the batch twice.
    assert peak_bytes < 100 * KIB + 2 * len(bomb) + 100 * KIB


@pytest.mark.parametrize("codec", CODECS)
def test_a_batch_that_states_less_than_it_holds_is_refused(codec: batch_pb2.Codec) -> None:
    batch = encode_batch("t", [OutgoingEvent(type="t", id="1", data=b"x" * 500)], codec=codec)
    head = event_pb2.EventHead(body_length=5)
    batch.heads = event_pb2.EventHeads(heads=[head]).SerializeToString()
    batch.heads_crc32c = crc32c(batch.heads)
    batch.bodies_raw_bytes = 5
    with pytest.raises(PubSubError, match="BATCH_MALFORMED"):
        decode_batch(batch)


def test_a_codec_that_the_interpreter_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = compress_bodies(b"a", batch_pb2.CODEC_ZSTD)
    monkeypatch.setattr(compression, "zstd", None)
    for action in (
        lambda: compress_bodies(b"a", batch_pb2.CODEC_ZSTD),
        lambda: decompress_bodies(bodies, batch_pb2.CODEC_ZSTD, 1),
    ):
        with pytest.raises(PubSubInvalidError, match="CODEC_NOT_SUPPORTED") as caught:
            action()
        assert caught.value.metadata == {"codec": "2"}
