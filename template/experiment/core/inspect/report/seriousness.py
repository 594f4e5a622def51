"""How much a finding matters, and how it is called.

Template's file: updates replace it. Free of torch.
"""

from collections import Counter
from collections.abc import Iterable
from enum import IntEnum


class Seriousness(IntEnum):
    """How much a finding matters; the greater, the sooner it is shown."""

    NOTE = 0  # good to know
    WARNING = 1  # may spoil results
    ERROR = 2  # spoils results, such as a test image that is trained on


NAMES = {Seriousness.ERROR: "Error", Seriousness.WARNING: "Warning", Seriousness.NOTE: "Note"}


def in_numbers(found: Iterable[Seriousness]) -> str:
    """How many findings of which kind, in words."""
    counts = Counter(found)
    words = [
        f"{counts[kind]:,} {NAMES[kind].lower()}{'s' * (counts[kind] != 1)}"
        for kind in sorted(Seriousness, reverse=True)
        if counts[kind]
    ]
    return ", ".join(words) or "nothing found"
