"""Training examples come in an order that is not random: one class, or dark before light.

Template's file: updates replace it. The order is that of the loader's first epoch, so that a folder
that lists its classes one after the other is none, as long as it is shuffled. Either neighbours
have the same class, or similar properties, more often than by chance, or what comes early differs
from what comes late (Kruskal and Wallis 1952 for classes, Spearman's correlation for numbers): by
``LEAST``, and by eight deviations. After Datalab's "non-iid", in time instead of among neighbours.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding
from ..properties import properties
from ..reading import SplitRead

LEAST = 0.1  # of a correlation
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
        is_class = name == "class"
        for words, (strength, deviations) in (
            (f"neighbours are alike in {name}", (_same if is_class else _alike)(kinds)),
            (f"what is late has another {name}", (_moving if is_class else _trend)(kinds)),
        ):
            if strength > LEAST and deviations > DEVIATIONS:
                text = f"training examples come in an order: {words} "
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


def _same(classes: NDArray[np.float32]) -> tuple[float, float]:
    """How much more often than by chance neighbours have one class; 1: always. And how surely."""
    shares = np.unique(classes, return_counts=True)[1] / len(classes)
    chance = float((shares**2).sum())
    more = float((classes[1:] == classes[:-1]).mean()) - chance
    usual = np.sqrt(max(chance * (1 - chance), 1e-9) / len(classes))
    return more / max(1 - chance, 1e-9), more / float(usual)


def _alike(values: NDArray[np.float32]) -> tuple[float, float]:
    """How neighbours' ranks correlate, and how surely."""
    ranks = _ranks(values)
    return _correlation(ranks[:-1], ranks[1:])


def _moving(classes: NDArray[np.float32]) -> tuple[float, float]:
    """How much of the places is told by the class, as a correlation, and how surely."""
    kinds, inverse, counts = np.unique(classes, return_inverse=True, return_counts=True)
    places, count = np.arange(len(classes)), len(classes)
    means = np.bincount(inverse, places) / counts
    spread = count * (count + 1) / 12  # of places, as a variance
    statistic = float((counts * (means - places.mean()) ** 2).sum()) / spread
    free = len(kinds) - 1
    deviations = (statistic - free) / np.sqrt(2 * free) if free else 0.0
    return float(np.sqrt(statistic / (count - 1))), float(deviations)


def _trend(values: NDArray[np.float32]) -> tuple[float, float]:
    """How ranks correlate with places, and how surely."""
    strength, deviations = _correlation(_ranks(values), np.arange(len(values)))
    return abs(strength), abs(deviations)


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.unique(values, return_inverse=True)[1].astype(np.float64)


def _correlation(one: NDArray[Any], other: NDArray[Any]) -> tuple[float, float]:
    if one.std() == 0 or other.std() == 0:
        return 0.0, 0.0
    strength = float(np.corrcoef(one, other)[0, 1])
    return strength, strength * float(np.sqrt(len(one)))
