"""Images that are almost lines: the shorter side is below 0.35 of the longer one.

Template's file: updates replace it. Measure and threshold are CleanVision's ("odd aspect ratio",
0.35).
"""

from collections.abc import Iterable

import numpy as np

from ..evidence import Evidence
from ..inspection import Finding

THRESHOLD = 0.35
ADVICE = "Little is left of them in a square: cut them to what matters, or leave them out."


def find(evidence: Evidence) -> Iterable[Finding]:
    ratios = {}
    for split in evidence.of_kind("image"):
        width, height = split.numbers("width"), split.numbers("height")
        ratios[split.name] = np.minimum(width, height) / np.maximum(width, height)
    marks = {name: ratio < THRESHOLD for name, ratio in ratios.items()}
    what = f"images have one side shorter than {THRESHOLD} of the other"
    yield from evidence.odd("odd_shape", what, ADVICE, marks, ratios)
