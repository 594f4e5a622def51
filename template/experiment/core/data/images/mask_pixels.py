"""Whether an image looks like a mask of another: of a few values, where the other has many.

Template's file: updates replace it.
"""

import numpy as np
from PIL import Image

from .files import UNREADABLE

FEW, NEAR, MOSTLY = 40, 32, 0.97  # colours; of 255; of the pixels of a JPEG
ALIKE = 8  # of 255, in the mean


def looks_like_mask(pair: tuple[str, str]) -> bool:
    """Whether the first of two files looks like a mask of the second, and not like the second."""
    return _is_flat(pair[0]) and not _is_flat(pair[1]) and not look_alike(pair)


def look_alike(pair: tuple[str, str]) -> bool:
    """Whether two files show the same; not where one cannot be read, which reading it will say."""
    try:
        small = [np.asarray(Image.open(path).convert("L").resize((16, 16))) for path in pair]
    except UNREADABLE:
        return False
    return bool(np.abs(small[0].astype(int) - small[1]).mean() < ALIKE)


def _is_flat(path: str) -> bool:
    """Whether an image has as few values as a mask."""
    try:
        with Image.open(path) as image:
            if image.format in ("JPEG", "MPO"):
                values = np.asarray(image.convert("L"))
                return bool(((values < NEAR) | (values > 255 - NEAR)).mean() > MOSTLY)
            most = min(FEW, image.width * image.height // 4)
            if image.mode.startswith(("I", "F")):
                return len(np.unique(np.asarray(image))) <= most
            return image.getcolors(most) is not None
    except UNREADABLE:
        return False
