"""What a file of a mask holds: a number for each pixel, or a colour, as its tool wrote it.

Template's file: updates replace it. To read masks of another format, write a reader in data.py.

A palette's index is the number, as VOC has it; what colour it is shown in says nothing, unless a
file beside it does. A PNG in grey that some tool saved as RGB is grey all the same. Grey of 2 or 4
bits, and a PGM whose white is no 255, hold numbers that PIL would stretch to 255.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...files import shown
from ..errors import DataError
from ..images.files import UNREADABLE, open_file, unreadable
from ..images.suffixes import SUFFIXES
from ..images.values import is_deep, zero_is_white

ARRAY = ".npy"
MASK_SUFFIXES = (*SUFFIXES, ARRAY)
FEW_BITS = {"L;2": 3, "L;4": 15}  # the most that grey of so few bits can hold
ONE_BIT = np.array([[255 * (number == 1)] * 3 for number in range(256)], np.uint8)
WANTED = "expected class numbers, a palette or colours"


@dataclass
class RawMask:
    """The pixels of a mask as its file holds them.

    Args:
        pixels: ``(height, width)`` whole numbers, or ``(height, width, 3)`` bytes: colours.
        palette: Red, green and blue of each number, where the file has a palette.
        is_lossy: A JPEG or such a WebP, whose values are near what was meant.
    """

    pixels: NDArray[Any]
    palette: NDArray[np.uint8] | None = None
    is_lossy: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def is_grey(self) -> bool:
        """Whether there is one number a pixel, be it said three times."""
        return self.pixels.ndim == 2 or bool((self.pixels == self.pixels[..., :1]).all())

    def numbers(self) -> NDArray[Any]:
        """One number a pixel."""
        return self.pixels if self.pixels.ndim == 2 else self.pixels[..., 0]

    def colors(self) -> NDArray[np.uint32]:
        """The colour of each pixel as one number; of a palette's index, what it is shown in."""
        found = self.pixels
        if found.ndim == 2:
            if self.palette is not None:
                found = self.palette[found]
            else:
                found = np.repeat(found[..., None], 3, axis=2)
        return packed(found)


def packed(colors: NDArray[Any]) -> NDArray[np.uint32]:
    """Red, green and blue as one number each."""
    wide = colors.astype(np.uint32)
    return (wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]).astype(np.uint32)


def unpacked(color: int) -> list[int]:
    """The way back, for one."""
    return [color >> 16, color >> 8 & 255, color & 255]


def read_mask(path: str | Path) -> RawMask:
    """What a file holds.

    Raises:
        DataError: It cannot be read, or is nothing that holds classes.
    """
    if str(path).lower().endswith(ARRAY):
        return RawMask(_array(path))
    try:
        with open_file([path], 0) as image:
            return _picture(image, path)
    except DataError:
        raise
    except UNREADABLE as error:
        raise DataError(unreadable(shown(path), error)) from None


def _picture(image: Image.Image, path: str | Path) -> RawMask:
    lossy = _is_lossy(image)
    if (frames := getattr(image, "n_frames", 1)) > 1:
        raise _refusal(path, f"has {frames} pages or frames, expected one")
    if zero_is_white(image) and image.mode != "1":  # ImageJ's 255 is shown black, others' white
        why = "says that 0 is white, which turns numbers about or not, as programs like"
        raise _refusal(path, f"{why}; {WANTED} in a PNG, or in a TIFF whose 0 is black")
    if image.mode == "P":
        return RawMask(np.asarray(image), _palette(image))
    if image.mode == "1":
        return RawMask(np.asarray(image).astype(np.uint8), ONE_BIT)
    if image.mode in ("L", "I") and (most := _most(image)) is not None:
        full = 255 if image.mode == "L" else 65535
        return RawMask((np.asarray(image).astype(np.int64) * most + full // 2) // full)
    if image.mode == "L":
        return RawMask(np.asarray(image), None, lossy)
    if image.mode.startswith("I"):
        return RawMask(np.asarray(image))
    if image.mode == "F":
        return RawMask(_whole(np.asarray(image), path))
    if is_deep(image):
        raise _refusal(path, f"has colours of 16 bits, {WANTED} of 8 bits")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        return RawMask(_without_alpha(image, path))
    if image.mode != "RGB" and not lossy:
        raise _refusal(path, f"is {image.mode}, {WANTED}")
    return RawMask(np.asarray(image.convert("RGB")), None, lossy)


def _is_lossy(image: Any) -> bool:
    """Whether its values are only near what was meant."""
    if image.format != "WEBP":
        return image.format in ("JPEG", "MPO")
    image.fp.seek(0)
    return b"VP8L" not in image.fp.read(4096)  # else lossless


def _most(image: Image.Image) -> int | None:
    """What a file says is white, where PIL stretches that to the most that a pixel can hold."""
    tiles: Any = getattr(image, "tile", ())
    told = tiles[0][3] if tiles else None
    if image.format == "PPM" and isinstance(told, tuple) and image.mode in ("L", "I"):
        return int(told[-1])  # a PGM's; 255 and 65535 are as they are
    return FEW_BITS.get(str(told))


def _palette(image: Image.Image) -> NDArray[np.uint8]:
    """The colours of all 256 numbers; black where the file has none."""
    colors = np.zeros((256, 3), np.uint8)
    found = np.asarray(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    colors[: len(found)] = found
    return colors


def _without_alpha(image: Image.Image, path: str | Path) -> NDArray[np.uint8]:
    """The colours; black where nothing is to be seen."""
    layers = np.asarray(image.convert("RGBA"))
    alpha = layers[..., 3]
    if ((alpha > 0) & (alpha < 255)).any():
        raise _refusal(path, "is half transparent in places: an overlay? expected whole colours")
    return np.where(alpha[..., None] > 0, layers[..., :3], 0).astype(np.uint8)


def _array(path: str | Path) -> NDArray[Any]:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(unreadable(shown(path), error)) from None
    if not isinstance(values, np.ndarray):
        raise _refusal(path, "is an archive of several arrays, expected one")
    while values.ndim > 2 and 1 in (values.shape[0], values.shape[-1]):
        values = values[0] if values.shape[0] == 1 else values[..., 0]
    if values.ndim != 2 and not (values.ndim == 3 and values.shape[2] == 3):
        shape = " x ".join(map(str, values.shape))
        raise _refusal(path, f"is an array of {shape}, expected (height, width) of class numbers")
    if values.dtype == bool:
        return values.astype(np.uint8)
    if values.ndim == 3 and values.dtype != np.uint8:
        raise _refusal(path, f"holds colours of {values.dtype}, expected bytes")
    return _whole(values, path) if values.dtype.kind == "f" else values


def _whole(values: NDArray[Any], path: str | Path) -> NDArray[np.int64]:
    if values.dtype.kind != "f" or not np.isfinite(values).all() or (values % 1 != 0).any():
        raise _refusal(path, f"holds numbers that are not whole ({values.dtype}), {WANTED}")
    return values.astype(np.int64)


def _refusal(path: str | Path, what: str) -> DataError:
    return DataError(f"{shown(path)} {what}: mend it, or set data.on_error=skip")
