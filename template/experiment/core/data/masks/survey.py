"""What all masks of a data set hold, looked at once: the numbers or colours, sizes, photos' turns.

Template's file: updates replace it. What was found is kept in ``data.cache`` under a hash of the
files' names, sizes and times, so that the next start need not look again.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ...files import project_path, shown, write_json
from ..errors import DataError
from ..images.files import UNREADABLE, open_file, unreadable
from ..images.values import ORIENTATION
from .mask_files import RawMask, packed, read_mask
from .masked_images import same_shape

VERSION = 3  # of what is kept: another one whenever it is found otherwise
MOST = 512  # colours of a file that are kept: more are no classes
SIDEWAYS = (5, 6, 7, 8)  # EXIF's turns after which height and width change places


@dataclass
class Looked:
    """What was found in one mask.

    Args:
        kind: ``numbers``; ``palette``; ``grey``: RGB, but grey; ``colors``.
        values: What it holds, the least first; colours as one number each.
        shares: Of its pixels, for each of them.
        shown_in: With a palette: the colour of each of the values.
        lossy: Whether it is a JPEG.
        note: EXIF's number of how its image is turned.
        turn: The same of how the mask must be, to lie as its image is seen; None: either way.
        fault: Why it cannot be used.
    """

    kind: str = "numbers"
    values: list[int] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    shown_in: list[int] = field(default_factory=list)
    lossy: bool = False
    note: int = 1
    turn: int | None = 1
    fault: str | None = None

    def held(self, *, in_colors: bool) -> list[int]:
        """Its values, as colours where these count."""
        if not in_colors or self.kind == "colors":
            return self.values
        return self.shown_in or [value << 16 | value << 8 | value for value in self.values]


def look(pairs: Sequence[tuple[str, str]], cache: str) -> list[Looked]:
    """Look at every mask and its image's size, or at what an earlier start found.

    Args:
        pairs: Each image and its mask.
        cache: ``data.cache``.
    """
    file = project_path(cache) / f"masks-{_digest(pairs)}.json"
    try:
        return [Looked(**one) for one in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):  # not there, or cut short: looked at again
        pass
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        work = threads.map(lambda pair: _look_at(*pair), pairs)
        bar = tqdm(work, "looking at masks", len(pairs), leave=False, delay=2, unit=" masks")
        found = list(bar)
    if any(one.fault is not None for one in found):  # may be mended, or the disk's
        return found
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, [asdict(one) for one in found])
    except OSError:  # a folder that nobody may write to: the next start looks again
        pass
    return found


def _digest(pairs: Sequence[tuple[str, str]]) -> str:
    states = hashlib.sha256(str(VERSION).encode())
    for path in (path for pair in pairs for path in pair):
        try:
            state = os.stat(path)
        except OSError:  # reading it will say so
            states.update(f"{path}\0missing\n".encode(errors="replace"))
            continue
        states.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode(errors="replace"))
    return states.hexdigest()[:20]


def _look_at(image: str, path: str) -> Looked:
    try:
        mask = read_mask(path)
        found = Looked(_kind(mask), lossy=mask.is_lossy)
        found.note, found.turn = _turn(image, path, mask)
    except DataError as error:
        return Looked(fault=str(error))
    values, counts = _counted(mask, in_colors=found.kind == "colors")
    if len(values) > MOST:
        few = counts.argsort()[-MOST:]
        values, counts = values[np.sort(few)], counts[np.sort(few)]
    found.values = values.tolist()
    found.shares = (counts / counts.sum()).round(6).tolist()
    if mask.palette is not None:
        found.shown_in = packed(mask.palette[values]).tolist()
    return found


def _kind(mask: RawMask) -> str:
    if mask.palette is not None:
        return "palette"
    if mask.pixels.ndim == 2:
        return "numbers"
    return "grey" if mask.is_grey else "colors"


def _counted(mask: RawMask, *, in_colors: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """The values in a mask, and how often each is there."""
    pixels = mask.colors() if in_colors else mask.numbers()
    if pixels.size and pixels.min() >= 0 and pixels.max() < 2**16:
        counts = np.bincount(pixels.ravel().astype(np.int64))
        return np.flatnonzero(counts), counts[counts > 0]
    return np.unique(pixels, return_counts=True)


def _turn(image: str, path: str, mask: RawMask) -> tuple[int, int | None]:
    """How an image is turned, and its mask must be; None where their sizes do not tell.

    Raises:
        DataError: The mask has another shape than its image.
    """
    try:
        with open_file([image], 0) as opened:
            size, note = opened.size, int(opened.getexif().get(ORIENTATION, 1))
    except DataError:
        raise
    except UNREADABLE as error:
        raise DataError(unreadable(shown(image), error)) from None
    if note not in range(2, 9):
        note = 1
    as_seen = (size[1], size[0]) if note in SIDEWAYS else size
    fits_seen, fits_file = same_shape(mask.size, as_seen), same_shape(mask.size, size)
    if not fits_seen and not fits_file:
        raise DataError(
            f"{shown(path)} is {mask.size[0]} x {mask.size[1]} pixels, its image {shown(image)} "
            f"{as_seen[0]} x {as_seen[1]}, expected the same: mend one of them, or set "
            "data.on_error=skip"
        )
    if note == 1 or (fits_seen and not fits_file):
        return note, 1
    return note, note if fits_file and not fits_seen else None


def turns(
    pairs: Sequence[tuple[str, str]], looked: Sequence[Looked], notes: Any
) -> NDArray[np.uint8]:
    """How each mask is turned; where sizes do not tell, as the others that are turned are.

    A fault is noted where there is nothing to go by.
    """
    found = np.ones(len(looked), np.uint8)
    told = {one.turn != 1 for one in looked if _tells(one)}
    for index, (one, (image, path)) in enumerate(zip(looked, pairs, strict=True)):
        if one.fault is not None:
            continue
        if one.turn is None and len(told) == 1:
            one.turn = one.note if True in told else 1
        if one.turn is None:
            one.fault = (
                f"{shown(path)} may lie as its photograph {shown(image)} is seen or as it is "
                "stored, which EXIF turns: save the photograph upright, or set data.on_error=skip"
            )
            continue
        found[index] = one.turn
        if one.turn != 1:
            notes.add("masks lie as their photographs are stored: turned with them", shown(path))
    return found


def _tells(one: Looked) -> bool:
    """Whether the sizes of a turned photograph and its mask say how the mask lies."""
    return one.fault is None and one.turn is not None and one.note != 1
