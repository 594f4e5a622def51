"""The objects in images: python example.py IMAGE ..."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .image_file import opened
from .onnx_network import KNOWN, network

TYPICAL = 8.0  # pixels; a box whose sides the network gives as 0


def read(path: str | Path) -> tuple[Any, Any, Any, Any]:
    """An image as the network sees it, its own size, its size in the square, and its corner."""
    known = KNOWN["image"]
    image = opened(path, known["channels"])
    size, side = np.array(image.size), known["image_size"]
    shown = np.maximum(1, np.round(size * (side / size.max())).astype(int))
    corner = (side - shown) // 2
    square = Image.new(image.mode, (side, side))
    square.paste(image.resize(tuple(shown.tolist()), Image.Resampling.BILINEAR), tuple(corner))
    pixels = np.asarray(square, np.float32).reshape(side, side, -1) / 255
    pixels = (pixels - np.array(known["mean"])) / np.array(known["std"])
    return pixels.transpose(2, 0, 1)[None].astype(np.float32), size, shown, corner


def answer(path: str | Path) -> dict[str, Any]:
    pixels, size, shown, corner = read(path)
    heat, box = (output[0] for output in network(pixels))  # (classes, rows, columns), (4, ...)
    heat, (_, rows, columns) = 1 / (1 + np.exp(-heat)), heat.shape
    padded = np.pad(heat.max(axis=0), 1)
    around = np.max([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)], 0)
    peaks = (heat * (heat == around)).ravel()  # at one place there is one object
    best = np.argsort(-peaks, kind="stable")[: KNOWN["settings"]["max_detections"]]
    best = best[peaks[best] >= KNOWN["settings"]["min_confidence"]]
    label, y, x = np.unravel_index(best, heat.shape)
    at = box[:, y, x]  # (4, detections)
    center = (np.stack([x, y]) + at[:2]) * (KNOWN["image"]["image_size"] / columns)
    half = np.exp(np.minimum(at[2:], np.log(1000))) * TYPICAL / 2
    corners = np.stack([center - half, center + half])  # (2, x and y, detections), in the square
    own = (corners - corner[:, None]) * (size / shown)[:, None]
    own = own.clip(0, size[:, None]).reshape(4, -1).T
    kept = (own[:, 2:] > own[:, :2]).all(axis=1)  # not in the square's border
    return {
        "boxes": own[kept].round(1).tolist(),
        "class": [KNOWN["class_names"][i] for i in label[kept]],
        "confidence": peaks[best][kept].astype(float).round(3).tolist(),
    }


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(json.dumps(answer(path)))
