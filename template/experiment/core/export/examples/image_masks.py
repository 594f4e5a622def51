"""The class of each pixel of images: python example.py IMAGE ..., which writes IMAGE.mask.png."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .image_file import opened
from .onnx_network import KNOWN, network


def read(path: str | Path) -> tuple[Any, tuple[int, int], tuple[int, int, int, int]]:
    """An image as the network sees it, its own size, and where in the square it lies."""
    known = KNOWN["image"]
    image = opened(path, known["channels"])
    side = known["image_size"]
    width, height = (max(1, round(n * (side / max(image.size)))) for n in image.size)
    left, top = (side - width) // 2, (side - height) // 2
    square = Image.new(image.mode, (side, side))
    square.paste(image.resize((width, height), Image.Resampling.BILINEAR), (left, top))
    pixels = np.asarray(square, np.float32).reshape(side, side, -1) / 255
    pixels = (pixels - np.array(known["mean"])) / np.array(known["std"])
    place = (left, top, left + width, top + height)
    return pixels.transpose(2, 0, 1)[None].astype(np.float32), image.size, place


def answer(path: str | Path) -> dict[str, Any]:
    pixels, size, place = read(path)
    (logits,) = network(pixels)  # (1, classes, height, width)
    square = Image.fromarray(logits[0].argmax(axis=0).astype(np.uint8))
    return {"mask": square.crop(place).resize(size, Image.Resampling.NEAREST)}


if __name__ == "__main__":
    for path in sys.argv[1:]:
        answer(path)["mask"].save(f"{path}.mask.png")
        print(f"{path}.mask.png: numbers of {KNOWN['class_names']}")
