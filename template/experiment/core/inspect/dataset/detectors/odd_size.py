"""Images far smaller or larger than the others.

Template's file: updates replace it. The logarithm of the side of a square of the same area lies
three times the distance of the quartiles outside of them ("far out", Tukey 1977), and at least
twice or half the median.
"""

from collections.abc import Iterable

import numpy as np

from ..evidence import Evidence
from ..inspection import Finding

FAR_OUT = 3.0
ADVICE = "See whether they are thumbnails, or joined from several; if so, leave them out."


def find(evidence: Evidence) -> Iterable[Finding]:
    sides = {
        split.name: np.log2(split.numbers("width") * split.numbers("height")) / 2
        for split in evidence.of_kind("image")
    }
    known = np.concatenate(list(sides.values()))
    known = known[np.isfinite(known)]
    if not len(known):
        return
    low, median, high = np.quantile(known, [0.25, 0.5, 0.75])
    room = FAR_OUT * (high - low)
    lower, upper = min(low - room, median - 1), max(high + room, median + 1)
    marks = {name: (side <= lower) | (side >= upper) for name, side in sides.items()}
    worst = {name: -np.abs(side - median) for name, side in sides.items()}
    what = f"images are far smaller or larger than most, which have about {2**median:.0f} pixels "
    yield from evidence.odd("odd_size", f"{what}a side", ADVICE, marks, worst)
