"""What leaves the network: python example.py [FILE.npz]; samples.npz has real inputs."""

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
    """The raw outputs by their names; what they mean stands in predict_step of module.py."""
    return dict(zip(KNOWN["outputs"], network(*read(path)), strict=True))


if __name__ == "__main__":
    for path in sys.argv[1:] or [HERE / "samples.npz"]:
        for name, values in answer(path).items():
            print(name, values.shape, values.ravel()[:5], "...")
