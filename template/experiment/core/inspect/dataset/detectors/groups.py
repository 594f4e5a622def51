"""A group, such as a patient, a video or an author, in two splits: a leak.

Template's file: updates replace it. By ``Record.group`` or the dataset's ``groups``; no threshold.
Windows of tokens are left out: their groups are numbered within a split.
"""

from collections import defaultdict
from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence, Position, splits_of
from ..inspection import Finding

ADVICE = "Split by group: a dataset with `groups` is parted so (core/data/datasets.py)."
SHOWN = 10  # examples of a group


def find(evidence: Evidence) -> Iterable[Finding]:
    members: dict[str, list[Position]] = defaultdict(list)
    for split in evidence.splits.values():
        if split.kind == "tokens":
            continue
        for place, look in enumerate(split.looks):
            if look.group is not None:
                members[look.group].append((split.name, place))
    shared = {name: found for name, found in members.items() if len(splits_of(found)) > 1}
    if not shared:
        return
    first = next(iter(shared))
    text = f"{len(shared):,} of {len(members):,} groups are in several splits, such as {first} in "
    text += " and ".join(splits_of(shared[first]))
    found = [_of_each_split(group) for group in shared.values()]
    yield evidence.grouped("groups", Seriousness.ERROR, text, ADVICE, found)


def _of_each_split(group: list[Position]) -> list[Position]:
    """Some members, at least one of each split."""
    firsts = {split: (split, place) for split, place in reversed(group)}
    others = [position for position in group if position not in firsts.values()]
    return [*reversed(firsts.values()), *others][:SHOWN]
