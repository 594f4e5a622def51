"""Examples whose content is the same, within a split and across splits.

Template's file: updates replace it. By a digest of the decoded pixels or the text: another name,
format or compression without loss does not hide one. No threshold. Empty ones are not compared.
Across splits it is a leak: Barz and Denzler 2020 (arXiv:1902.00423) find 3 to 10 % of CIFAR's test
images among those to train on.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from ...report.seriousness import Seriousness
from ..evidence import Evidence, Position, by_split, so_many, splits_of
from ..inspection import Finding
from .empty import is_empty

ACROSS = "Keep each in one split: what was trained on tells nothing when it is tested on."
WITHIN = "Leave all but one out (data.exclude), unless they shall count several times."


def find(evidence: Evidence) -> Iterable[Finding]:
    groups = equal(evidence)
    across = [group for group in groups if len(splits_of(group)) > 1]
    within = [group for group in groups if len(splits_of(group)) == 1]
    if across:
        involved = splits_of(position for group in across for position in group)
        text = so_many(len(across), f"examples are in several splits ({', '.join(involved)})")
        yield evidence.grouped("exact_duplicates", Seriousness.ERROR, text, ACROSS, across)
    if within:
        counts: dict[str, int] = defaultdict(int)
        for group in within:
            counts[group[0][0]] += len(group) - 1
        text = so_many(sum(counts.values()), "examples repeat another of the same split")
        text += f" ({by_split(counts)})"
        yield evidence.grouped("exact_duplicates", Seriousness.WARNING, text, WITHIN, within)


def equal(evidence: Evidence) -> list[list[Position]]:
    """Examples of the same content, the largest groups first; what nobody is scored on apart."""
    places: dict[bytes, list[Position]] = defaultdict(list)
    for name, split in evidence.splits.items():
        if name == "unlabelled":
            continue
        usable = np.array([not look.fault for look in split.looks], bool) & ~is_empty(split)
        for place in np.flatnonzero(usable).tolist():
            places[split.looks[place].digest].append((name, place))
    return sorted((group for group in places.values() if len(group) > 1), key=len, reverse=True)
