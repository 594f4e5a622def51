"""What is measured of an image.

Template's file: updates replace it. Brightness, blur and information are measured as CleanVision
measures them (cleanvision/issue_managers/image_property.py), on a copy of 64 pixels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageStat

from ....data.images.values import ORIENTATION, ValueRange, is_deep, seen
from .look import digest

SIDE = 32  # pixels of the small copy, both ways
MOST_MEASURED = 64  # pixels of the longer side: what is sharp shall not depend on the size
IMAGE_NUMBERS = (
    "width",
    "height",
    "brightness",  # the mean, 0 to 1
    "brightness of the darkest",  # the 5th percentile of the pixels
    "brightness of the lightest",  # the 99th
    "contrast",  # standard deviation of the grey values, 0 to 1
    "colour",  # mean distance of the channels from one another, 0 to 1
    "edges",  # variance of the edges in a copy of 64 pixels
    "information",  # entropy of the grey values, bits
    "border",  # mean brightness of the outermost pixels, 0 to 1
    "turn",  # what EXIF notes; 1: upright
    "red",
    "green",
    "blue",  # of grey images three times the same
    "red squared",  # the mean of the squares, for a deviation of all pixels
    "green squared",
    "blue squared",
)
IMAGE_WORDS = ("format", "mode")
PERCEIVED = np.array([0.241, 0.691, 0.068], dtype=np.float32)  # of red, green, blue, squared


class ImageLook:
    """Measures images.

    Args:
        value_range: What is black and white in deep images, as the facts have it.
    """

    def __init__(self, value_range: list[float] | None = None) -> None:
        self.value_range = ValueRange(*value_range) if value_range else ValueRange(0, 65535)

    def __call__(self, image: Image.Image) -> dict[str, Any]:
        """The fields of a ``Look`` at an image, which is read for that."""
        kind, mode = image.format or "", image.mode
        turn = image.getexif().get(ORIENTATION, 1) if kind else 1
        flat = self._in_bytes(image)
        copy = _at_most(flat, MOST_MEASURED)
        small = copy.resize((SIDE, SIDE), Image.Resampling.BOX).convert("L")
        pixels = np.asarray(copy.convert("RGB"), dtype=np.float32) / 255  # (height, width, 3)
        numbers = (*flat.size, *_brightness(pixels), *_variety(flat, copy, pixels))
        numbers = (*numbers, _border(pixels), turn)
        moments = [*pixels.mean(axis=(0, 1)).tolist(), *(pixels**2).mean(axis=(0, 1)).tolist()]
        return {
            "kind": "image",
            "digest": digest([f"{flat.mode} {flat.size}".encode(), flat.tobytes()]),
            "numbers": (*map(float, numbers), *moments),
            "words": (kind, mode),
            "small": np.asarray(small),
        }

    def _in_bytes(self, image: Image.Image) -> Image.Image:
        """Grey or RGB in bytes, as the file holds it: not turned."""
        if image.mode in ("L", "RGB") and not is_deep(image):
            image.load()
            return image
        grey = image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I")
        channels = 1 if grey else 3
        value_range = self.value_range if is_deep(image) else ValueRange()
        tensor = seen(image, channels, value_range, upright=False).tensor()
        array = tensor.numpy() if tensor.element_size() == 1 else (tensor.numpy() * 255).round()
        array = array.astype(np.uint8)
        return Image.fromarray(array[0] if channels == 1 else array.transpose(1, 2, 0).copy())


def _brightness(pixels: NDArray[np.float32]) -> tuple[float, float, float]:
    perceived = np.sqrt(pixels**2 @ PERCEIVED).ravel()
    ordered = np.sort(perceived)
    last = len(ordered) - 1
    return (
        float(perceived.mean()),
        float(ordered[last * 5 // 100]),
        float(ordered[last * 99 // 100]),
    )


def _variety(
    flat: Image.Image, copy: Image.Image, pixels: NDArray[np.float32]
) -> tuple[float, float, float, float]:
    grey = copy.convert("L")
    contrast = float(ImageStat.Stat(grey).stddev[0]) / 255
    colour = float((pixels.max(axis=2) - pixels.min(axis=2)).mean())
    edges = float(ImageStat.Stat(_edges(grey)).var[0])
    return contrast, colour, edges, float(flat.convert("L").entropy())


def _edges(grey: Image.Image) -> Image.Image:
    """Without the outermost pixels, which PIL's filter leaves as they are."""
    edges, (width, height) = grey.filter(ImageFilter.FIND_EDGES), grey.size
    return edges.crop((1, 1, width - 1, height - 1)) if min(width, height) > 2 else edges


def _border(pixels: NDArray[np.float32]) -> float:
    grey = pixels.mean(axis=2)
    return float(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).mean())


def _at_most(image: Image.Image, side: int) -> Image.Image:
    """A copy whose longer side is no longer than that; the image itself where it is not."""
    scale = side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(length * scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BOX)
