"""Images that are read otherwise than their file has them, such as the first frame of several.

Template's file: updates replace it. No threshold. ``REMARKS`` is what core's readers say of it, at
the end of an epoch that has read them; a researcher's own dataset has no files to compare with.
"""

from collections.abc import Iterable

import numpy as np

from ....data.images.values import REMARKS
from ...report.seriousness import Seriousness
from ..evidence import Evidence, by_split, so_many
from ..inspection import Finding

ADVICE = "See whether that is meant; if not, convert the files, or leave them out."


def find(evidence: Evidence) -> Iterable[Finding]:
    for bit, remark in enumerate(REMARKS):
        groups, counts = [], {}
        for split in evidence.of_kind("image"):
            remarks = np.nan_to_num(split.numbers("remarks")).astype(int)
            places = np.flatnonzero(remarks & (1 << bit)).tolist()
            groups += [[(split.name, place)] for place in places]
            counts |= {split.name: len(places)} if places else {}
        if groups:
            text = f"{so_many(len(groups), remark)} ({by_split(counts)})"
            yield evidence.grouped("read_otherwise", Seriousness.NOTE, text, ADVICE, groups)
