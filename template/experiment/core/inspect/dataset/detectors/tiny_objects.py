"""Objects of which little is left once their image has data.image_size.

Template's file: updates replace it. Below 3 pixels wide or high after the image was fitted into its
square, the size that ultralytics warns of ("extremely small objects"). What has no area at all is
named by box_faults.
"""

from collections.abc import Iterable

import numpy as np

from ..box_table import box_table
from ..evidence import Evidence
from ..inspection import Finding
from .box_faults import without_area

THRESHOLD = 3.0  # pixels
ADVICE = "Take a larger data.image_size, or cut the images into parts."


def find(evidence: Evidence) -> Iterable[Finding]:
    side = getattr(evidence.facts, "image_size", None)
    if side is None:
        evidence.skip("tiny_objects: the facts have no image_size")
        return
    marks, worst = {}, {}
    for split in evidence.of_kind("image"):
        table = box_table(split)
        if table is None:
            continue
        scale = side / table.sizes[table.owners].max(axis=1)
        least = table.sides.min(axis=1) * scale
        marks[split.name] = table.images((least < THRESHOLD) & ~without_area(table))
        smallest = np.full(len(split), np.inf)
        np.minimum.at(smallest, table.owners, least)
        worst[split.name] = smallest
    what = f"images have an object below {THRESHOLD:.0f} pixels at {side} pixels a side"
    yield from evidence.odd("tiny_objects", what, ADVICE, marks, worst, may_be_usual=False)
