"""Properties that tell training examples from those of another split.

Template's file: updates replace it. Naive Bayes on ranges of all properties together, in five
folds: an area under the curve above 0.65 is a drift, where splitting by chance gives 0.5.
deepchecks' "domain classifier" warns above 0.55, which is chance in small splits: five deviations
are asked for as well.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding
from ..naive_bayes import area_under_curve, in_ranges, some
from ..reading import SplitRead
from .shortcut import properties

THRESHOLD = 0.65
DEVIATIONS = 5.0
LEAST_EXAMPLES = 30
ADVICE = "See where the two are from: a score on the one says little of the other."
# The windows of a split that is held out are shorter than those of training, by design.
BY_LENGTH = ("the length of a text", "the distinct words of a text")


def find(evidence: Evidence) -> Iterable[Finding]:
    train = evidence.splits.get("train")
    for name, other in evidence.splits.items():
        if train is None or name == "train" or train.kind != other.kind or train.kind == "other":
            continue
        counts = [int(split.readable.sum()) for split in (train, other)]
        if min(counts) < LEAST_EXAMPLES:
            evidence.skip(f"drift: {name} or train has fewer than {LEAST_EXAMPLES} examples")
            continue
        columns, second = _table(train, other)
        area = area_under_curve(list(columns.values()), second, evidence.seed) if columns else 0.5
        many, few = (
            min(_groups(split), count) for split, count in zip((train, other), counts, strict=True)
        )
        chance = np.sqrt((many + few + 1) / (12 * many * few))  # of the area, by Mann and Whitney
        if area > THRESHOLD and area - 0.5 > DEVIATIONS * chance:
            alone = {
                one: area_under_curve([column], second, evidence.seed)
                for one, column in columns.items()
            }
            most = max(alone, key=alone.__getitem__)
            text = f"{name} looks unlike train: from numbers such as {most} they are told apart "
            text += f"with an area under the curve of {area:.2f}, where chance gives 0.5"
            yield Finding("drift", Seriousness.WARNING, text, ADVICE)


def _groups(split: SplitRead) -> int:
    """How many examples there are that do not hang together: windows of a text do."""
    groups = [look.group for look in split.looks]
    return len({group for group in groups if group is not None}) + groups.count(None)


def _table(
    train: SplitRead, other: SplitRead
) -> tuple[dict[str, NDArray[np.int64]], NDArray[np.bool_]]:
    """The ranges of each property, of examples of both, and which are of the second."""
    chosen = []
    for split in (train, other):
        places = np.flatnonzero(split.readable)
        chosen.append(places[some(len(places))])
    second = np.repeat([False, True], [len(places) for places in chosen])
    columns = {}
    others = dict(properties(other))
    for name, column in properties(train):
        if name.startswith("the file's") or (train.kind == "tokens" and name in BY_LENGTH):
            continue
        both = np.concatenate([column[chosen[0]], others[name][chosen[1]]])
        columns[name] = in_ranges(both)
    return columns, second
