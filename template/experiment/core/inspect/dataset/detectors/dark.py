"""Dark images: 99 % of the pixels are darker than 0.32 of white.

Template's file: updates replace it. Measure and threshold are CleanVision's ("dark", 0.32), on a
copy of 64 pixels.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence
from ..inspection import Finding
from ..reading import SplitRead
from .empty import is_bare

THRESHOLD = 0.32
ADVICE = "See whether anything can be made out; if not, leave them out."


def find(evidence: Evidence) -> Iterable[Finding]:
    splits = evidence.of_kind("image")
    lightest = {split.name: split.numbers("brightness of the lightest") for split in splits}
    marks = {split.name: is_dark(split) for split in splits}
    yield from evidence.odd("dark", "images are dark", ADVICE, marks, lightest)


def is_dark(split: SplitRead) -> NDArray[np.bool_]:
    """Which images are dark, and have something in them."""
    return (split.numbers("brightness of the lightest") < THRESHOLD) & ~is_bare(split)
