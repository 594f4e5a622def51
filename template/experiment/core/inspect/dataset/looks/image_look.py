"""What is measured of an image.

Template's file: updates replace it. Brightness, blur and information are measured as CleanVision
measures them (cleanvision/issue_managers/image_property.py), on a copy of 64 pixels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ....data.images.values import ORIENTATION, ValueRange, is_deep, remarks_about, seen
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
    "least value",  # in the file, of all channels
    "greatest value",
    "remarks",  # bits of ``REMARKS``: how it differs from the file as it is read
)
IMAGE_WORDS = ("format", "mode")
PERCEIVED = (0.241, 0.691, 0.068)  # of red, green, blue, squared
LEVELS = np.arange(256) / 255
SQUARES = (LEVELS**2).astype(np.float32)


class ImageLook:
    """Measures images.

    Args:
        value_range: What is black and white in deep images, as the facts have it.
    """

    def __init__(self, value_range: list[float] | None = None) -> None:
        low, high = value_range or (0, 65535)
        self.value_range = ValueRange(low, high)

    def __call__(self, image: Image.Image) -> dict[str, Any]:
        """The fields of a ``Look`` at an image, which is read for that."""
        kind, mode = image.format or "", image.mode
        turn = image.getexif().get(ORIENTATION, 1) if kind else 1
        flat, remarks = self._in_bytes(image)
        copy = _at_most(flat, MOST_MEASURED)
        grey = copy.convert("L")
        small = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX))
        bands = np.asarray(copy).reshape(-1, len(copy.getbands())).T.copy()  # (channels, pixels)
        squares = [SQUARES[band] for band in bands]
        mean = [float(band.mean()) / 255 for band in bands] * (3 // len(bands))
        square = [float(band.mean()) for band in squares] * (3 // len(bands))
        numbers = (
            *flat.size,
            *_brightness(squares),
            _deviation(grey),
            _colour(bands),
            (255 * _deviation(_edges(grey))) ** 2,
            flat.entropy() if flat.mode == "L" else flat.convert("L").entropy(),
            _border(small),
            turn,
            *mean,
            *square,
            *_values(image if is_deep(image) else flat),
            remarks if kind else 0,
        )
        return {
            "kind": "image",
            "digest": digest([f"{flat.mode} {flat.size}".encode(), flat.tobytes()]),
            "numbers": tuple(map(float, numbers)),
            "words": (kind, mode),
            "small": small,
        }

    def _in_bytes(self, image: Image.Image) -> tuple[Image.Image, int]:
        """Grey or RGB in bytes, as the file holds it: not turned. And what is remarked of it."""
        if image.mode in ("L", "RGB") and not is_deep(image):
            image.load()
            return image, remarks_about(image)
        grey = image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I")
        channels = 1 if grey else 3
        value_range = self.value_range if is_deep(image) else ValueRange()
        read = seen(image, channels, value_range, upright=False)
        tensor = read.tensor()
        array = tensor.numpy() if tensor.element_size() == 1 else (tensor.numpy() * 255).round()
        array = array.astype(np.uint8)
        flat = Image.fromarray(array[0] if channels == 1 else array.transpose(1, 2, 0).copy())
        return flat, read.remarks


def _values(image: Image.Image) -> tuple[float, float]:
    """The least and the greatest."""
    found: list[Any] = [image.getextrema()] if len(image.getbands()) == 1 else [*image.getextrema()]
    return min(low for low, _ in found), max(high for _, high in found)


def _brightness(squares: list[NDArray[np.float32]]) -> tuple[float, float, float]:
    """The mean, the 5th and the 99th percentile, as an eye weighs the colours."""
    weighed = squares[0]
    if len(squares) == 3:
        weighed = sum(part * band for part, band in zip(PERCEIVED, squares, strict=True))
    perceived = np.sqrt(weighed)
    low, high = ((len(perceived) - 1) * part // 100 for part in (5, 99))
    ordered = np.partition(perceived, [low, high])
    return float(perceived.mean()), float(ordered[low]), float(ordered[high])


def _deviation(grey: Image.Image) -> float:
    shares = np.array(grey.histogram()) / (grey.width * grey.height)
    return max(float(shares @ LEVELS**2) - float(shares @ LEVELS) ** 2, 0.0) ** 0.5


def _colour(bands: NDArray[np.uint8]) -> float:
    """How far the channels are apart, in the mean."""
    if len(bands) == 1:
        return 0.0
    red, green, blue = bands
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    return float((most - least).mean()) / 255


def _border(small: NDArray[np.uint8]) -> float:
    edges = small[0].mean() + small[-1].mean() + small[:, 0].mean() + small[:, -1].mean()
    return float(edges) / 4 / 255


def _edges(grey: Image.Image) -> Image.Image:
    """Without the outermost pixels, which PIL's filter leaves as they are."""
    edges, (width, height) = grey.filter(ImageFilter.FIND_EDGES), grey.size
    return edges.crop((1, 1, width - 1, height - 1)) if min(width, height) > 2 else edges


def _at_most(image: Image.Image, side: int) -> Image.Image:
    """A copy whose longer side is no longer than that; the image itself where it is not."""
    scale = side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(length * scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.HAMMING)
