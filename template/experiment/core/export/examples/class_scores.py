"""What the network says of examples: python example.py [FILE.npz]; samples.npz has real ones."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .onnx_network import HERE, KNOWN, network


def read(path: str | Path) -> list[Any]:
    """The inputs as they lie in a file of arrays, which has them by their names."""
    with np.load(path) as arrays:
        return [arrays[one["name"]] for one in KNOWN["inputs"]]


def answer(path: str | Path) -> dict[str, Any]:
    (logits,) = network(*read(path))  # (batch, classes)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    names = [KNOWN["class_names"][number] for number in chances.argmax(axis=1)]
    return {"class": names, "confidence": chances.max(axis=1).tolist()}


if __name__ == "__main__":
    for path in sys.argv[1:] or [HERE / "samples.npz"]:
        print(json.dumps(answer(path)))
