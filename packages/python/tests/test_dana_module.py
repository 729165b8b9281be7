import subprocess
import sys
import threading
from pathlib import Path

from broker_process import BrokerProcess

from opendxa_pubsub import ReceivedEvent, dana_client


def test_danapath_names_the_folder_of_the_module() -> None:
    command = [sys.executable, "-m", "opendxa_pubsub", "danapath"]
    folder = Path(subprocess.check_output(command, text=True).strip())
    module = (folder / "pubsub_client" / "__init__.na").read_text(encoding="utf-8")
    prefix = "from opendxa_pubsub.dana_client.py import "
    assert module.startswith(prefix)
    names = module.removeprefix(prefix).strip().split(", ")
    assert all(callable(getattr(dana_client, name)) for name in names)
    assert (
        subprocess.run([*command[:-1], "wrong"], check=False, capture_output=True).returncode == 2
    )


def test_the_functions_share_one_client(broker: BrokerProcess) -> None:
    dana_client.connect(broker.address, source="/dana")
    seen: list[str] = []
    done = threading.Event()

    @dana_client.on("poet/tests/dana", start="earliest")
    def handle(event: ReceivedEvent) -> None:
        seen.append(event["execution_id"])
        if len(seen) == 2:
            done.set()

    for execution_id in ("a", "b"):
        receipt = dana_client.publish("poet/tests/dana", {"execution_id": execution_id})
    assert receipt["offset"] == 1
    dana_client.register_execution("x-dana", "f")
    assert done.wait(30)
    dana_client.wait(0)
    dana_client.close()
    dana_client.close()
    assert seen == ["a", "b"]
