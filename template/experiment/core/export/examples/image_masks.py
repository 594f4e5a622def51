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
    left, top, right, bottom = place
    shown = logits[0].argmax(axis=0)[top:bottom, left:right].astype(np.uint8)
    y, x = nearest(size[1], bottom - top), nearest(size[0], right - left)
    return {"mask": Image.fromarray(shown[y[:, None], x])}


def nearest(pixels: int, shown: int) -> Any:
    """Which of the shown pixels lies nearest to each of an image's own, along a side."""
    scale = np.float32(shown / pixels)
    centers = np.arange(pixels, dtype=np.float32) + np.float32(0.5)
    return np.minimum(np.floor(centers * scale), shown - 1).astype(int)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        answer(path)["mask"].save(f"{path}.mask.png")
        print(f"{path}.mask.png: numbers of {KNOWN['class_names']}")
