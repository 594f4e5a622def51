"""Which values of the images become 0 and 1: found once, from the training images.

Template's file: updates replace it. Where the files do not tell, ``data.value_range`` does.

Bytes go from 0 to 255, whatever is in them. Deeper whole numbers go from 0 to the smallest of 2^8,
2^10, 2^12, 2^14 and 2^16, less one, that covers all images to train on: cameras of 12 bits write
files of 16. Floats and signed values mean whatever their makers meant, and so are stated.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from PIL import Image

from ...errors import UserError
from ..errors import DataError
from ..notes import Notes
from .files import UNREADABLE
from .values import ValueRange, is_deep, raw_values

BITS = (8, 10, 12, 14, 16)
# Formats whose files have 8 bits a channel: these need not be opened to know.
EIGHT_BITS = (".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp")
STARTS_OF_EIGHT_BITS = (b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF")
PNG = b"\x89PNG\r\n\x1a\n"
HEAD = 32  # bytes of a file that tell its format
THREADS = 8  # for disks that answer slowly


class Images(Protocol):
    """What every reader of images returns, with boxes or without."""

    value_range: ValueRange
    notes: Notes
    maybe_deep: Callable[[], Sequence[int]]

    @property
    def open(self) -> Callable[[int], Image.Image]: ...

    def name(self, index: int) -> str: ...

    def __len__(self) -> int: ...


class _Extremes(NamedTuple):
    low: float
    high: float
    is_float: bool


def set_range(splits: Mapping[str, Images], stated: Sequence[float] | None, known: Any) -> None:
    """Give the images of all splits one value range: the stated one, the run's, or what is found.

    Args:
        splits: The images, changed in place.
        stated: ``data.value_range``.
        known: The facts of a run that goes on; None: the training images tell.

    Raises:
        UserError: The training images have floats or signed values, and no range is stated.
    """
    found = range_of(stated, known) or _find(splits["train"])
    for images in splits.values():
        images.value_range = found


def range_of(stated: Sequence[float] | None, known: Any) -> ValueRange | None:
    """The range that is stated, or that a run knows already."""
    if stated is not None:
        return ValueRange(*stated, stated=True)
    return None if known is None else ValueRange(*known.value_range)


def deep_files(paths: Sequence[str | Path]) -> list[int]:
    """Which files may hold more than 8 bits a channel, by their names and first bytes."""
    unsure = [i for i, path in enumerate(paths) if not str(path).lower().endswith(EIGHT_BITS)]
    parts = [unsure[start::THREADS] for start in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as threads:
        found = threads.map(lambda part: [i for i in part if may_be_deep(_head(paths[i]))], parts)
        return sorted(index for part in found for index in part)


def may_be_deep(head: bytes) -> bool:
    """Whether a file that begins so may hold more than 8 bits a channel."""
    if head.startswith(PNG):
        return head[24:25] == b"\x10"
    return not head.startswith(STARTS_OF_EIGHT_BITS)


def _head(path: str | Path) -> bytes:
    """The first bytes of a file; by the system's own calls, twice as fast as Python's files."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:  # reading it will say so
        return STARTS_OF_EIGHT_BITS[0]
    try:
        return os.read(file, HEAD)
    except OSError:
        return STARTS_OF_EIGHT_BITS[0]
    finally:
        os.close(file)


def _find(images: Images) -> ValueRange:
    """The range that covers all deep images, if there are any."""
    deep = [index for index in images.maybe_deep() if _opens_deep(images, index)]
    with ThreadPoolExecutor() as threads:
        measured = list(threads.map(lambda index: _extremes(images, index), deep))
    there = [found for found in measured if found is not None]
    if not there:
        return ValueRange()
    low, high = min(found.low for found in there), max(found.high for found in there)
    is_float = any(found.is_float for found in there)
    if is_float or low < 0 or high >= 2 ** BITS[-1]:
        kind = "floats" if is_float else "values below 0" if low < 0 else "values above 65535"
        raise UserError(
            f"data.value_range: {images.name(deep[0])} and others hold {kind}, from {low:g} to "
            f"{high:g} in all of the training images; say which values are black and white, as "
            f"data.value_range='[{low:g}, {high:g}]'"
        )
    top = next(2**bits - 1 for bits in BITS if high < 2**bits)
    kind = f"images are deeper than 8 bits, and go up to {high:g}: 0 to {top} are black to white"
    images.notes.add(kind, images.name(deep[0]), len(deep))
    if len(deep) < len(images):
        flat = sorted(set(range(len(images))) - set(deep))
        kind = "images have 8 bits beside deeper ones: 0 to 255 are black to white"
        images.notes.add(kind, images.name(flat[0]), len(flat))
    return ValueRange(0.0, float(top))


def _opens_deep(images: Images, index: int) -> bool:
    try:
        with images.open(index) as image:
            return is_deep(image)
    except DataError:  # reading it will say so
        return False


def _extremes(images: Images, index: int) -> _Extremes | None:
    """The least and the greatest value of an image; None where it cannot be read."""
    try:
        with images.open(index) as image:
            values = raw_values(image)[..., :3] if image.mode == "RGBA" else raw_values(image)
    except (DataError, *UNREADABLE):  # reading it will say so
        return None
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    return _Extremes(float(finite.min()), float(finite.max()), values.dtype.kind == "f")
