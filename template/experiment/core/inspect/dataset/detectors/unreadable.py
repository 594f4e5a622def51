"""Examples that cannot be read: whatever opening and decoding the whole of them raises.

Template's file: updates replace it. No threshold. What a reader left out before, as its notes say,
is named, too, and why training refuses the data, where it does.
"""

from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence, by_split, so_many
from ..inspection import Finding
from ..looks.look import Look
from ..reader_notes import noted

ADVICE = "Replace them, or leave them out: data.on_error=skip, data.exclude."
LEFT_OUT = "They are left out already; mend the files, if you want them back."
UNSEEN = "They were left out of this look alone: mend them, or set data.on_error=skip."
REFUSED = "This look went on as with data.on_error=skip, which leaves out what is like that."


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
    refusal, known = evidence.refusal, {look.fault for look in _looks(evidence)}
    if refusal and refusal not in known:
        text = f"training refuses this data: {refusal}"
        yield Finding("unreadable", Seriousness.ERROR, text, REFUSED)
    advice = UNSEEN if refusal else LEFT_OUT
    yield from noted(evidence, "unreadable", ("cannot be read", "cannot be used"), advice)


def _looks(evidence: Evidence) -> Iterable[Look]:
    return (look for split in evidence.splits.values() for look in split.looks)
