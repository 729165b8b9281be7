import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from vectors import ROOT

_MAIN = ROOT / "apps" / "broker" / "dist" / "main.cjs"
_STOP_S = 30


class BrokerProcess:
    """The built broker in its own process, on ports that stay the same across restarts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.address = "127.0.0.1:0"
        self.start()

    def start(self) -> None:
        node = shutil.which("node")
        assert node, "node is not on PATH"
        assert _MAIN.exists(), f"the broker is not built: {_MAIN}"
        self._process = subprocess.Popen(
            [node, str(_MAIN)],
            env={
                **os.environ,
                "OPENDXA_PUBSUB_GRPC": self.address,
                "OPENDXA_PUBSUB_HTTP": "127.0.0.1:0",
                "OPENDXA_PUBSUB_DATA": str(self._folder / "data"),
                "OPENDXA_PUBSUB_LOG_LEVEL": "error",
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f"the broker ended with code {self._process.wait()} before it served"
        self.address = json.loads(line)["grpc"]

    def kill(self) -> None:
        """SIGKILL, and the end of the process."""
        assert self._process
        self._process.kill()
        self._process.wait()
        self._close_pipe()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, and nothing is heard of it."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        assert self._process
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        assert self._process
        assert self._process.stdout
        self._process.stdout.close()
