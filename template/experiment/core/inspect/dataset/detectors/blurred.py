"""Blurred images: edges are weak for the contrast that there is, and for this data.

Template's file: updates replace it. Edges as CleanVision measures them ("blurry"), on a copy of 64
pixels, by the image's own variance, so that a dark or pale image is not blurred for that: below a
quarter of the data's median, and below 0.05. Found by trial on photographs: Gaussian blur of a
thirtieth of the width is found, the smooth parts of sharp photographs are not.
"""

from collections.abc import Iterable

import numpy as np

from ..evidence import Evidence
from ..inspection import Finding

OF_MEDIAN = 0.25
MOST_SHARP = 0.05
LEAST_CONTRAST = 0.04  # below it there is nothing that could be sharp
ADVICE = "See whether the subject can be made out; if not, leave them out."


def find(evidence: Evidence) -> Iterable[Finding]:
    splits = evidence.of_kind("image")
    contrast = {split.name: split.numbers("contrast") for split in splits}
    sharp = {
        split.name: split.numbers("edges") / (255 * np.maximum(contrast[split.name], 1e-3)) ** 2
        for split in splits
    }
    known = np.concatenate(list(sharp.values()))
    known = known[np.isfinite(known)]
    limit = min(MOST_SHARP, OF_MEDIAN * float(np.median(known))) if len(known) else 0.0
    marks = {
        name: (values < limit) & (contrast[name] > LEAST_CONTRAST) for name, values in sharp.items()
    }
    yield from evidence.odd("blurred", "images are blurred", ADVICE, marks, sharp)
