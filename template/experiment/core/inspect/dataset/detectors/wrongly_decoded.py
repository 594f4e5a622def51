"""Texts that were decoded wrongly, or hold what is no text.

Template's file: updates replace it. UTF-8 that was read as Latin-1 ("Ã¼", "â€™"), U+FFFD where
nothing could be decoded, and control characters: two places or more, or one in 50 characters. Of
tokens only control characters and the former count, since a window may cut a character.
"""

from collections.abc import Iterable

import numpy as np

from ..evidence import Evidence
from ..inspection import Finding

LEAST = 2
ADVICE = "See how the files were encoded (data.encoding), and mend or leave out what is debris."


def find(evidence: Evidence) -> Iterable[Finding]:
    marks, worst = {}, {}
    for split in evidence.of_kind("text", "tokens"):
        debris, length = split.numbers("debris"), split.numbers("length")
        cut = 2 if split.kind == "tokens" else 0  # at either end of a window
        marks[split.name] = (debris - cut >= LEAST) | ((debris > cut) & (debris * 50 > length))
        worst[split.name] = -debris / np.maximum(length, 1)
    yield from evidence.odd(
        "wrongly_decoded",
        "texts look wrongly decoded",
        ADVICE,
        marks,
        worst,
        may_be_usual=False,
    )
