"""Images that are read otherwise than their file has them, such as the first frame of several.

Template's file: updates replace it. No threshold. ``REMARKS`` is what core's readers say of it, at
the end of an epoch that has read them; a researcher's own dataset has no files to compare with.
"""

from collections.abc import Iterable

import numpy as np

from ....data.images.values import REMARKS
from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding

ADVICE = "See whether that is meant; if not, convert the files, or leave them out."


def find(evidence: Evidence) -> Iterable[Finding]:
    remarks = {
        split.name: np.nan_to_num(split.numbers("remarks")).astype(int)
        for split in evidence.of_kind("image")
    }
    for bit, what in enumerate(REMARKS):
        marks = {name: (bits & (1 << bit)) > 0 for name, bits in remarks.items()}
        yield from evidence.odd(
            "read_otherwise", what, ADVICE, marks, None, Seriousness.NOTE, may_be_usual=False
        )
