"""Images that their file says are to be turned: EXIF's orientation is not 1.

Template's file: updates replace it. No threshold. Core's readers turn them; other programs may not,
those that annotate among them.
"""

from collections.abc import Iterable

import numpy as np

from ...report.seriousness import Seriousness
from ..evidence import Evidence, by_split, so_many
from ..inspection import Finding

ADVICE = "They are read upright here; see whether boxes and masks were drawn on them upright."


def find(evidence: Evidence) -> Iterable[Finding]:
    places = {
        split.name: np.flatnonzero(split.numbers("turn") > 1).tolist()
        for split in evidence.of_kind("image")
    }
    counts = {name: len(found) for name, found in places.items() if found}
    if counts:
        text = so_many(sum(counts.values()), f"images are stored turned ({by_split(counts)})")
        groups = [[(name, place)] for name, found in places.items() for place in found]
        yield evidence.grouped("turned", Seriousness.NOTE, text, ADVICE, groups)
