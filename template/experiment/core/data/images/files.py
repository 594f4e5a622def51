"""What every reader of images needs: opening them, reading all of them, saying which cannot be.

Template's file: updates replace it. To prepare images otherwise, write a dataset in data.py.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional
from tqdm import tqdm

from ...files import shown
from ..errors import DataError
from ..notes import Notes
from ..sampling import Indices
from ..splitting import evenly
from .values import GREY_MODES

# What PIL raises at a file that is broken, cut short, too large or no image at all.
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
LFS = b"version https://git-lfs.github.com/spec/"
POINTER = "is a pointer of Git LFS, not the image itself: git lfs pull"


def open_file(paths: Sequence[str | Path], index: int) -> Image.Image:
    """Open one of the files; what is wrong with its pixels shows later.

    Raises:
        DataError: It is no image.
    """
    try:
        return Image.open(paths[index])
    except UNREADABLE as error:
        name = shown(paths[index])
        if _is_pointer(paths[index]):
            raise DataError(f"{name} {POINTER}, or set data.on_error=skip") from None
        raise DataError(unreadable(name, error)) from None


def _is_pointer(path: str | Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(LFS)) == LFS
    except OSError:
        return False


def open_pixels(pixels: Tensor, index: int) -> Image.Image:
    """One of the images that are in memory as ``(examples, channels, height, width)`` bytes."""
    return functional.to_pil_image(pixels[index])


def read_all(
    count: int,
    read: Callable[[int], None],
    name: Callable[[int], str],
    on_error: str,
    notes: Notes,
) -> Indices:
    """Have every image read, several at a time; returns which of them could be.

    Args:
        count: How many there are.
        read: Reads the image with a number and keeps it; raises DataError when it cannot.
        name: What to call an image in a message.
        on_error: ``raise``, or ``skip``: those that cannot be read are left out.
        notes: Where those are counted.

    Raises:
        DataError: An image cannot be read, or with ``skip`` none can.
    """
    kept = np.zeros(count, dtype=bool)

    def attempt(index: int) -> None:
        try:
            read(index)
            kept[index] = True
        except DataError:
            if on_error == "raise":
                raise

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        work = threads.map(attempt, range(count))
        for _ in tqdm(work, "reading images", count, leave=False, delay=2, unit=" images"):
            pass
    missing = [name(index) for index in np.flatnonzero(~kept).tolist()]
    if missing and len(missing) == count:
        raise DataError(f"none of the {count} images can be read, {missing[0]} for one")
    if missing:
        notes.add(f"images of {count:,} cannot be read: left out", missing[0], len(missing))
    return np.flatnonzero(kept)


def common_channels(count: int, open_image: Callable[[int], Image.Image]) -> int:
    """1 if each of up to 64 images is grey, else 3; looks at their headers only."""
    for index in evenly(count, min(count, 64)).tolist():
        try:
            with open_image(index) as image:
                if image.mode not in GREY_MODES and not image.mode.startswith("I"):
                    return 3
        except DataError:  # reading it will say so
            continue
    return 1


def unreadable(name: str, error: Exception) -> str:
    """The sentence about an image that cannot be read."""
    unknown = isinstance(error, Image.UnidentifiedImageError)
    reason = "it is no image, or a damaged one" if unknown else error
    return f"{name} cannot be read ({reason}): replace it, or set data.on_error=skip"
