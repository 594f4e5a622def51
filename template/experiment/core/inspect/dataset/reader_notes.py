"""What readers passed over or dropped before anything could be looked at, as their notes have it.

Template's file: updates replace it.
"""

from collections.abc import Iterable, Sequence

from ...data.datasets import base_of
from ...data.notes import Notes
from ..report.seriousness import Seriousness
from .evidence import Evidence
from .inspection import Finding


def noted(
    evidence: Evidence, detector: str, words: Sequence[str], advice: str
) -> Iterable[Finding]:
    """A finding for each kind of note that has one of these words in it.

    A split that was held out of another one has that one's notes, which are told once.
    """
    before = "; counted before data.exclude" if evidence.data.exclusions.found else ""
    told: dict[tuple[str, str, int], list[str]] = {}
    for split in evidence.splits:
        notes = getattr(base_of(evidence.data.examples(split))[0], "notes", None) or Notes()
        for kind, count in notes.counts.items():
            if any(word in kind for word in words):
                told.setdefault((kind, notes.first[kind], count), []).append(split)
    for (kind, first, count), splits in told.items():
        text = f"{' and '.join(splits)}: {kind} ({count:,}, the first: {first})"
        text = text.replace("(1, the first: ", "(1: ")
        yield Finding(detector, Seriousness.WARNING, text + before, advice, count=count)
