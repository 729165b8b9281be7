"""The contract needs only grpcio-tools: no import from outside of proto/ and google/protobuf."""

import subprocess
import sys
from pathlib import Path

import pytest

PROTO = Path(__file__).parents[3] / "proto"


def test_plain_grpc_tools_compile_the_contract(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is a tool of development")
    sources = sorted(str(path) for path in PROTO.rglob("*.proto"))
    assert sources
    outputs = [f"--{name}={tmp_path}" for name in ("python_out", "grpc_python_out")]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", str(PROTO), *outputs, *sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.rglob("*_pb2.py"))) == len(sources)
