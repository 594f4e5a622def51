"""Images that their file says are to be turned: EXIF's orientation is not 1.

Template's file: updates replace it. No threshold. Core's readers turn them; other programs may not,
those that annotate among them.
"""

from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding

ADVICE = "They are read upright here; see whether boxes and masks were drawn on them upright."


def find(evidence: Evidence) -> Iterable[Finding]:
    marks = {split.name: split.numbers("turn") > 1 for split in evidence.of_kind("image")}
    what = "images are stored turned"
    yield from evidence.odd(
        "turned", what, ADVICE, marks, None, Seriousness.NOTE, may_be_usual=False
    )
