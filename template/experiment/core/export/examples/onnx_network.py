import json
from pathlib import Path
from typing import Any

import onnxruntime  # pyright: ignore[reportMissingImports]

HERE = Path(__file__).parent
KNOWN = json.loads((HERE / "preprocessing.json").read_text(encoding="utf-8"))
SESSION = onnxruntime.InferenceSession(HERE / "network.onnx")


def network(*inputs: Any) -> Any:
    """The raw outputs, an array each."""
    names = [one["name"] for one in KNOWN["inputs"]]
    return SESSION.run(KNOWN["outputs"], dict(zip(names, inputs, strict=True)))
