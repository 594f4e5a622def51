"""Batches of which half or more is padding, since images were fitted into squares.

Template's file: updates replace it. Above ``MOST``, which is ours: images are then twice as wide as
high, or as high as wide, in the mean. Photos of 4:3 have a quarter, films of 16:9 have 0.44.
"""

from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence, share
from ..inspection import Finding
from ..padding_share import padding_share

MOST = 0.5
ADVICE = "A model spends as much on padding as on images: cut them into parts that are squarer."


def find(evidence: Evidence) -> Iterable[Finding]:
    for split in evidence.of_kind("image"):
        part = padding_share(split, evidence)
        if part is not None and part >= MOST:
            text = (
                f"{split.name}: {share(part)} of a batch is padding, which images are fitted with"
            )
            yield Finding("padding", Seriousness.NOTE, text, ADVICE)
