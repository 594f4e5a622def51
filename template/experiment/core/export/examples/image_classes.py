"""What the network says of images: python example.py IMAGE ..."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from .image_file import opened
from .onnx_network import KNOWN, network


def read(path: str | Path) -> Any:
    """An image as the network sees it: upright, the square about its middle, normalised."""
    known = KNOWN["image"]
    image = opened(path, known["channels"])
    side = known["image_size"]
    image = ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, np.float32).reshape(*image.size, -1) / 255
    pixels = (pixels - np.array(known["mean"])) / np.array(known["std"])
    return pixels.transpose(2, 0, 1)[None].astype(np.float32)


def answer(path: str | Path) -> dict[str, Any]:
    (logits,) = network(read(path))  # (1, classes)
    chances = np.exp(logits[0] - logits[0].max())
    best = chances.argmax()
    return {"class": KNOWN["class_names"][best], "confidence": float(chances[best] / chances.sum())}


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(json.dumps(answer(path)))
