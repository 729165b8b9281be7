import json
import shutil
import subprocess

import pytest
from broker_process import BrokerProcess
from vectors import ROOT

from opendxa_pubsub import OutgoingEvent, PubSubClient
from opendxa_pubsub._batch import encode_batch
from opendxa_pubsub._gen.opendxa.pubsub.v1 import batch_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import broker_service_pb2 as broker_pb
from opendxa_pubsub._gen.opendxa.pubsub.v1 import errors_pb2 as errors_pb
from opendxa_pubsub._gen.opendxa.pubsub.v1 import publisher_service_pb2 as publisher_pb

WAIT_S = 30.0
EVENTS = [OutgoingEvent(type="t", id=str(n), data=bytes(range(256)) * n) for n in range(8)]


def sent(client: PubSubClient, batch: batch_pb2.RecordBatch) -> publisher_pb.BatchResult:
    frame = publisher_pb.PublishFrame(batches=[batch])
    answer = client._stubs.publisher.Publish(publisher_pb.PublishRequest(frame=frame))
    (result,) = answer.results
    return result


def publish(client: PubSubClient, batch: batch_pb2.RecordBatch) -> None:
    result = sent(client, batch)
    assert not result.HasField("refusal"), result.refusal.message


@pytest.mark.parametrize("codec", batch_pb2.Codec.values())
def test_each_language_reads_what_the_other_compressed(
    broker: BrokerProcess, codec: batch_pb2.Codec
) -> None:
    node = shutil.which("node")
    assert node
    topic = f"poet/tests/codec-{codec}"
    program = ROOT / "packages" / "python" / "tests" / "recode.mjs"
    packages = [ROOT / "packages" / name / "dist" / "index.js" for name in ("client", "protocol")]
    with PubSubClient(broker.address) as client:
        served = client._stubs.broker.GetBroker(broker_pb.GetBrokerRequest()).codecs
        batch = encode_batch(topic, EVENTS, codec=codec)
        if codec != batch_pb2.CODEC_UNSPECIFIED and codec not in served:
            assert codec == batch_pb2.CODEC_ZSTD  # Node has it from 22.15 on
            refusal = sent(client, batch).refusal
            assert refusal.reason == errors_pb.ERROR_REASON_CODEC_NOT_SUPPORTED
            assert refusal.metadata["codec"] == str(codec)
            return
        publish(client, batch)
        assert [event.data for event in client.read(topic)] == [event.data for event in EVENTS]
        command = [node, str(program), *(path.as_uri() for path in packages), broker.address, topic]
        done = subprocess.run(command, check=True, timeout=WAIT_S, stdout=subprocess.PIPE)
        answer = json.loads(done.stdout)
        again = batch_pb2.RecordBatch.FromString(bytes.fromhex(answer["hex"]))
        assert again.codec == codec
        publish(client, again)
        read = list(client.read(topic, offset=len(EVENTS)))
        assert [event.id for event in read] == [f"again-{event.id}" for event in EVENTS]
        assert [event.data for event in read] == [event.data for event in EVENTS]
