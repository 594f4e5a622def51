"""Properties that tell training examples from those of another split.

Template's file: updates replace it. Either one property is above, or below, that of training in
more than 62 of 100 pairs, a little less than deepchecks' distance of 0.2 between distributions; or
a linear discriminant of all of them has an area under the curve above 0.62, where splitting by
chance gives 0.5. deepchecks' "domain classifier" warns above 0.55, which is chance in small splits,
as its distance is: three and a half deviations are asked for as well.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..charts import number
from ..discriminant import area_by_rank, area_under_curve
from ..evidence import Evidence, share
from ..inspection import Finding
from ..naive_bayes import some
from ..properties import BY_KIND, BY_LENGTH, properties
from ..reading import SplitRead

THRESHOLD = 0.62
DEVIATIONS = 3.5
LEAST_EXAMPLES = 30
ADVICE = "See where the two are from: a score on the one says little of the other."
Columns = dict[str, NDArray[np.float32]]


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
        many, few = (
            min(_groups(split), count) for split, count in zip((train, other), counts, strict=True)
        )
        chance = np.sqrt((many + few + 1) / (12 * many * few))  # of an area, by Mann and Whitney
        least = max(THRESHOLD - 0.5, DEVIATIONS * float(chance))
        said = _alone(columns, second, least) or _together(columns, second, least, evidence.seed)
        if said:
            yield Finding(
                "drift", Seriousness.WARNING, f"{name} looks unlike train: {said}", ADVICE
            )


def _alone(columns: Columns, second: NDArray[np.bool_], least: float) -> str | None:
    """Which property is otherwise in most pairs of examples, in words; None: none is."""
    areas = {}
    for name, values in columns.items():
        known = np.isfinite(values)
        if 0 < second[known].sum() < known.sum():
            areas[name] = area_by_rank(values[known], second[known])
    most = max(areas, key=lambda name: abs(areas[name] - 0.5), default=None)
    if most is None or abs(areas[most] - 0.5) <= least:
        return None
    middles = [float(np.nanmedian(columns[most][part])) for part in (second, ~second)]
    area, words = (areas[most], "greater") if areas[most] > 0.5 else (1 - areas[most], "smaller")
    return (
        f"{most} is {words} there in {share(area)} of pairs, where chance gives 50 % "
        f"(median {number(middles[0])}, of train {number(middles[1])})"
    )


def _together(columns: Columns, second: NDArray[np.bool_], least: float, seed: int) -> str | None:
    """Whether all properties together tell them apart, in words; None: they do not."""
    area = area_under_curve(list(columns.values()), second, seed) if columns else 0.5
    if area - 0.5 <= least:
        return None
    alone = {name: area_under_curve([column], second, seed) for name, column in columns.items()}
    most = max(alone, key=alone.__getitem__)
    text = f"from numbers such as {most} they are told apart "
    return text + f"with an area under the curve of {area:.2f}, where chance gives 0.5"


def _groups(split: SplitRead) -> int:
    """How many examples there are that do not hang together: windows of a text do."""
    groups = [look.group for look in split.looks]
    return len({group for group in groups if group is not None}) + groups.count(None)


def _table(train: SplitRead, other: SplitRead) -> tuple[Columns, NDArray[np.bool_]]:
    """Each property, of examples of both, and which of these are of the second."""
    chosen = []
    for split in (train, other):
        places = np.flatnonzero(split.readable)
        chosen.append(places[some(len(places))])
    second = np.repeat([False, True], [len(places) for places in chosen])
    columns = {}
    others = dict(properties(other))
    for name, column in properties(train):
        if name in BY_KIND or (train.kind == "tokens" and name in BY_LENGTH):
            continue
        columns[name] = np.concatenate([column[chosen[0]], others[name][chosen[1]]])
    return columns, second
