"""How well a number tells classes apart, measured on examples that were not learned from.

Template's file: updates replace it. Naive Bayes over sixteen ranges of the number, which are
equally full, in five folds: it sees thresholds and bands, needs no package and takes a tenth of a
second.
"""

import numpy as np
from numpy.typing import NDArray

RANGES = 16
FOLDS = 5
MOST = 20_000  # examples, evenly taken, which measure a share to half a percent
SMOOTHING = 1.0


def in_ranges(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """The range that each number lies in; of those that are missing, one more. ``(examples,)``"""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, RANGES + 1)[1:-1]))
    found = np.searchsorted(edges, values, side="right")
    return np.where(np.isfinite(values), found, len(edges) + 1)


def skill(column: NDArray[np.int64], classes: NDArray[np.int64], seed: int) -> float:
    """How much of what guessing the most frequent class gets wrong is got right; 1: all of it.

    Args:
        column: The ranges that the examples lie in.
        classes: Class numbers from 0.
        seed: Of the folds.

    Shape:
        - column, classes: ``(examples,)``
    """
    guesses = _held_out_scores(column, classes, seed).argmax(axis=1)
    chance = np.bincount(classes).max() / len(classes)
    return float(((guesses == classes).mean() - chance) / max(1 - chance, 1e-9))


def _held_out_scores(
    column: NDArray[np.int64], classes: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    """The log-probability of each class, up to a constant, learned from the other folds.

    Returns:
        ``(examples, classes)``
    """
    folds = np.random.default_rng(seed).permutation(len(classes)) % FOLDS
    num_classes, size = int(classes.max()) + 1, int(column.max()) + 1
    scores = np.zeros((len(classes), num_classes))
    for fold in range(FOLDS):
        train, held = folds != fold, folds == fold
        counts = np.bincount(classes[train], minlength=num_classes)
        keys = classes[train] * size + column[train]
        table = np.bincount(keys, minlength=num_classes * size).reshape(num_classes, size)
        chances = np.log(table + SMOOTHING) - np.log(counts + SMOOTHING * size)[:, None]
        scores[held] = np.log(counts + SMOOTHING) + chances.T[column[held]]
    return scores


def some(count: int, most: int = MOST) -> NDArray[np.int64]:
    """Places of at most so many examples, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))
