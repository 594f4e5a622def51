"""Images with next to nothing in them: their grey values have an entropy below 3 bits.

Template's file: updates replace it. Measure and threshold are CleanVision's ("low information", 0.3
of 10 bits). Where drawings or digits are like that anyway, half the median of the data is the
threshold. Images of one colour are ``empty``, and ``dark`` and ``light`` name theirs.
"""

from collections.abc import Iterable

import numpy as np

from ..evidence import Evidence
from ..inspection import Finding
from . import dark, light
from .empty import is_empty

THRESHOLD = 3.0  # bits
OF_MEDIAN = 0.5
ADVICE = "See whether anything can be made out; if not, leave them out."


def find(evidence: Evidence) -> Iterable[Finding]:
    splits = evidence.of_kind("image")
    bits = {split.name: split.numbers("information") for split in splits}
    known = np.concatenate(list(bits.values()))
    known = known[np.isfinite(known)]
    limit = min(THRESHOLD, OF_MEDIAN * float(np.median(known))) if len(known) else 0.0
    named = (is_empty, dark.is_dark, light.is_light)  # by others
    marks = {
        split.name: (bits[split.name] < limit) & ~np.any([is_so(split) for is_so in named], axis=0)
        for split in splits
    }
    yield from evidence.odd(
        "low_information", "images have next to nothing in them", ADVICE, marks, bits
    )
