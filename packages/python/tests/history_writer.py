"""Writes the history of one process of a run: ``docs/internals/history-format.md``."""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any


class HistoryWriter:
    """A record is with the operating system when ``write`` returns: SIGKILL takes nothing away."""

    def __init__(self, path: str, role: str, name: str) -> None:
        """Begins a file.

        This client does not tell when a stream was lost, so ``tellsLosses`` is false.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        self._file = os.open(Path(path), flags, 0o644)
        self._lock = threading.Lock()
        self._number = 0
        self.write("process", version=1, role=role, name=name, tellsLosses=False)

    def write(self, kind: str, **fields: Any) -> None:  # noqa: ANN401 - texts, numbers, flags
        """Adds a record; what is None is left out."""
        stated = {name: value for name, value in fields.items() if value is not None}
        with self._lock:
            self._number += 1
            head = {"n": self._number, "t": time.time_ns() // 1_000_000, "k": kind}
            os.write(self._file, json.dumps({**head, **stated}).encode() + b"\n")
