import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "packages" / "protocol" / "vectors"


def load(name: str) -> Any:  # noqa: ANN401 - each file has a shape of its own
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
