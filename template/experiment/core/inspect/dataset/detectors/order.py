"""Training examples come in an order that is not random: one class, or dark before light.

Template's file: updates replace it. The order is that of the loader's first epoch, so that a folder
that lists its classes one after the other is none, as long as it is shuffled. Neighbours have the
same class, or similar properties, more often than by chance: by ``LEAST`` and eight deviations.
After Datalab's "non-iid", with neighbours in time instead of permutations.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding
from ..reading import SplitRead
from .shortcut import properties

LEAST = 0.1  # of the correlation of neighbours
DEVIATIONS = 8.0
LEAST_EXAMPLES = 50
ADVICE = "Shuffle: data.sampler=shuffle, or order() in data.py."


def find(evidence: Evidence) -> Iterable[Finding]:
    split = evidence.splits.get("train")
    if split is None or len(split) < LEAST_EXAMPLES:
        return
    order = in_order(split, evidence.data.order(evidence.data.examples("train"), 0))
    columns = {"class": _class_numbers(split), **dict(properties(split))}
    for name, column in columns.items():
        kinds = column[order]
        kinds = kinds[np.isfinite(kinds)]
        if len(kinds) < LEAST_EXAMPLES:
            continue
        strength = _same(kinds) if name == "class" else _correlation(kinds)
        if strength > LEAST and strength * np.sqrt(len(kinds)) > DEVIATIONS:
            text = f"training examples come in an order: neighbours are alike in {name} "
            text += f"({strength:.2f}, where chance gives 0 and 1 is the most)"
            yield Finding("order", Seriousness.WARNING, text, ADVICE)
            return


def in_order(split: SplitRead, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order, as places among those that were read."""
    places = np.full(split.count, -1, dtype=np.int64)
    places[split.indices] = np.arange(len(split))
    found = places[order]
    return found[found >= 0]


def _class_numbers(split: SplitRead) -> NDArray[np.float32]:
    names = [name if name is not None else "" for name in split.classes]
    numbers = np.unique(names, return_inverse=True)[1].astype(np.float32)
    return np.where(np.array(names) == "", np.nan, numbers)


def _same(classes: NDArray[np.float32]) -> float:
    """How much more often than by chance neighbours have one class; 1: always."""
    shares = np.unique(classes, return_counts=True)[1] / len(classes)
    chance = float((shares**2).sum())
    return (float((classes[1:] == classes[:-1]).mean()) - chance) / max(1 - chance, 1e-9)


def _correlation(values: NDArray[np.float32]) -> float:
    ranks = np.unique(values, return_inverse=True)[1].astype(np.float64)
    if ranks[:-1].std() == 0 or ranks[1:].std() == 0:
        return 0.0
    return float(np.corrcoef(ranks[:-1], ranks[1:])[0, 1])
