"""Examples with nothing in them: images of one colour, texts without a word.

Template's file: updates replace it. No threshold.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence
from ..inspection import Finding
from ..reading import SplitRead

BARE = 1.0  # bits: two grey values, as often each
ADVICE = "Leave them out, or see what became of them: an export that failed, say."


def find(evidence: Evidence) -> Iterable[Finding]:
    splits = evidence.of_kind("image", "text")
    what = "images are of one colour" if splits[0].kind == "image" else "texts have no word"
    yield from evidence.odd(
        "empty", what, ADVICE, {split.name: is_empty(split) for split in splits}, may_be_usual=False
    )


def is_empty(split: SplitRead) -> NDArray[np.bool_]:
    """Which examples have nothing in them, so that they equal each other by no fault of theirs."""
    if split.kind == "image":
        return split.numbers("information") == 0
    if split.kind in ("text", "tokens"):
        return split.numbers("words") == 0
    return np.zeros(len(split), dtype=bool)


def is_bare(split: SplitRead) -> NDArray[np.bool_]:
    """Which images have less than a bit in a pixel, so that they are not named for being dark."""
    return split.numbers("information") < BARE
