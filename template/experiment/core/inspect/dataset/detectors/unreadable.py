"""Examples that cannot be read: whatever opening and decoding the whole of them raises.

Template's file: updates replace it. No threshold. What a reader left out before, as its notes say,
is named, too.
"""

from collections.abc import Iterable
from typing import Any

from ....data.datasets import base_of
from ...report.seriousness import Seriousness
from ..evidence import Evidence, by_split, so_many
from ..inspection import Finding

ADVICE = "Replace them, or leave them out: data.on_error=skip, data.exclude."


def find(evidence: Evidence) -> Iterable[Finding]:
    faults = {
        name: [place for place, look in enumerate(split.looks) if look.fault]
        for name, split in evidence.splits.items()
    }
    counts = {name: len(places) for name, places in faults.items() if places}
    if counts:
        groups = [[(name, place)] for name, places in faults.items() for place in places]
        split, place = groups[0][0]
        first = evidence.splits[split].looks[place]
        text = so_many(sum(counts.values()), f"examples cannot be read ({by_split(counts)})")
        reason = first.fault if first.id in first.fault else f"{first.id}: {first.fault}"
        yield evidence.grouped(
            "unreadable", Seriousness.ERROR, f"{text}, the first: {reason}", ADVICE, groups
        )
    yield from _left_out(evidence)


def _left_out(evidence: Evidence) -> Iterable[Finding]:
    """What the readers passed over when they read all: it has no number any more."""
    for name in evidence.splits:
        notes: Any = getattr(base_of(evidence.data.examples(name))[0], "notes", None)
        for kind, count in getattr(notes, "counts", {}).items():
            if "cannot be read" in kind or "cannot be used" in kind:
                text = f"{name}: {count:,} {kind}, such as {notes.first[kind]}"
                yield Finding("unreadable", Seriousness.WARNING, text, ADVICE, count=count)
