"""What the documents show is executed as it stands there."""

import os
import re
import signal
import subprocess
import sys

import pytest
from broker_process import BrokerProcess
from vectors import ROOT

from opendxa_pubsub import PubSubClient

SAMPLES = ROOT / "packages" / "python" / "samples"
DOCUMENTS = ("README.md", "docs/guides/usage.md", "packages/python/README.md")
_RUN_S_MAX = 60

# Runs a sample that says when it waits in `run`: an interrupt before that ends it as any program.
_TELLING = """
import runpy, sys, threading

wait = threading.Event.wait


def telling_wait(event, timeout=None):
    if sys._getframe(1).f_code.co_name == "run" and timeout is None:
        print("running")
    return wait(event, timeout)


threading.Event.wait = telling_wait
runpy.run_path(sys.argv[1])
"""

_PRINTED = {
    "async_learning.py": ["detect_drift"],
    "delivery.py": [
        "2 entered: 1 acked, 1 dead-lettered",
        "not a number, after 3 attempts",
    ],
    "feedback.py": ["x-1"],
    "learner.py": ["detect_drift x-1"],
}


def run(name: str, broker: BrokerProcess) -> list[str]:
    ended = subprocess.run(
        [sys.executable, str(SAMPLES / name)],
        env={**os.environ, "OPENDXA_PUBSUB_ADDRESS": broker.address},
        stdout=subprocess.PIPE,
        text=True,
        timeout=_RUN_S_MAX,
        check=True,
    )
    return ended.stdout.splitlines()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_show_only_samples_as_they_are(document: str) -> None:
    text = (ROOT / document).read_text()
    shown = re.findall(
        r"<!-- sample: (\S+) -->\n```python\n(.*?)```\n<!-- end -->", text, re.DOTALL
    )
    assert len(shown) == text.count("```python")
    for name, sample in shown:
        assert sample == (SAMPLES / name).read_text(), name


@pytest.mark.parametrize("name", sorted(each.name for each in SAMPLES.glob("*.py")))
def test_every_sample_is_shown(name: str) -> None:
    texts = "".join((ROOT / document).read_text() for document in DOCUMENTS)
    assert f"<!-- sample: {name} -->" in texts


@pytest.mark.parametrize("name", _PRINTED)
def test_runs(name: str, own_broker: BrokerProcess) -> None:
    assert run(name, own_broker) == _PRINTED[name]


def test_learner_publishes_what_it_learned(own_broker: BrokerProcess) -> None:
    run("learner.py", own_broker)
    with PubSubClient(own_broker.address) as client:
        learned = [event.json() for event in client.read("learning")]
    assert learned == [{"function_id": "detect_drift", "version": "v2"}]


def test_waits_for_many(own_broker: BrokerProcess) -> None:
    lines = run("wait_for_many.py", own_broker)
    assert len(lines) == 50
    assert all(line.endswith(" feedback as expected") for line in lines)


def test_runs_until_it_is_interrupted(own_broker: BrokerProcess) -> None:
    with PubSubClient(own_broker.address) as client:
        client.create_topic("orders")
        client.publish("orders", {"amount": 12}, type="order.placed", subject="order-7")
    with subprocess.Popen(
        [sys.executable, "-u", "-c", _TELLING, str(SAMPLES / "print_orders.py")],
        env={**os.environ, "OPENDXA_PUBSUB_ADDRESS": own_broker.address},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            told = {process.stdout.readline() for _ in range(2)}
            assert told == {"order.placed order-7 12\n", "running\n"}
            process.send_signal(signal.SIGINT)
            assert process.wait(_RUN_S_MAX) == 0
        finally:
            process.kill()
