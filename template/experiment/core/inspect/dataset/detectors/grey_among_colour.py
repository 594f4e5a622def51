"""Grey images among such in colour.

Template's file: updates replace it. Grey is one channel, or three that are nowhere farther apart
than 1 of 255 in the mean (CleanVision: "grayscale").
"""

from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding

THRESHOLD = 1 / 255
ADVICE = "A model may take colour for a hint of the class: see whether grey ones are of one class."


def find(evidence: Evidence) -> Iterable[Finding]:
    marks = {split.name: split.numbers("colour") < THRESHOLD for split in evidence.of_kind("image")}
    if all(mark.all() for mark in marks.values()):
        return
    what = "images are grey among such in colour"
    yield from evidence.odd("grey_among_colour", what, ADVICE, marks, None, Seriousness.NOTE)
