"""Overexposed images: 95 % of the pixels are lighter than 0.95 of white.

Template's file: updates replace it. Measure and threshold are CleanVision's ("light", 0.05), on a
copy of 64 pixels.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence
from ..inspection import Finding
from ..reading import SplitRead
from .empty import is_bare

THRESHOLD = 0.95
ADVICE = "See whether anything can be made out; if not, leave them out."


def find(evidence: Evidence) -> Iterable[Finding]:
    splits = evidence.of_kind("image")
    darkest = {split.name: split.numbers("brightness of the darkest") for split in splits}
    marks = {split.name: is_light(split) for split in splits}
    worst = {name: -values for name, values in darkest.items()}
    yield from evidence.odd("light", "images are almost white", ADVICE, marks, worst)


def is_light(split: SplitRead) -> NDArray[np.bool_]:
    """Which images are light, and have something in them."""
    return (split.numbers("brightness of the darkest") > THRESHOLD) & ~is_bare(split)
