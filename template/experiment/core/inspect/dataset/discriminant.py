"""How well a few numbers tell two kinds of examples apart, on examples that were not learned from.

Template's file: updates replace it. Fisher's linear discriminant ("The use of multiple
measurements in taxonomic problems", 1936) in five folds, of two numbers for each: its rank, so that
outliers do not matter, and how far that is from the middle, so that a wider spread is seen as a
shift is. It needs fewer examples than naive Bayes on ranges, which learns sixteen of each.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .naive_bayes import FOLDS

RIDGE = 1e-3  # of a variance of 1: numbers may say the same, or nothing


def area_under_curve(
    columns: Sequence[NDArray[np.float32]], second: NDArray[np.bool_], seed: int
) -> float:
    """How often an example of the second kind scores above one of the first; 0.5: chance.

    Shape:
        - columns: each ``(examples,)``, NaN of what is missing
        - second: ``(examples,)``, ten and more of both kinds among them
    """
    ranks = [_ranks(column) for column in columns]
    table = np.stack([*ranks, *(np.abs(rank) for rank in ranks)], axis=1)
    table = (table - table.mean(axis=0)) / np.maximum(table.std(axis=0), 1e-9)
    folds = np.random.default_rng(seed).permutation(len(second)) % FOLDS
    scores = np.zeros(len(second))
    for fold in range(FOLDS):
        held = folds == fold
        one, other = (table[~held & (second == kind)] for kind in (False, True))
        within = np.concatenate([one - one.mean(axis=0), other - other.mean(axis=0)])
        spread = within.T @ within / len(within) + RIDGE * np.eye(table.shape[1])
        weights = np.linalg.solve(spread, other.mean(axis=0) - one.mean(axis=0))
        middle = (one.mean(axis=0) + other.mean(axis=0)) / 2  # folds differ in it
        scores[held] = (table[held] - middle) @ weights
    return area_by_rank(scores, second)


def area_by_rank(values: NDArray[np.floating], second: NDArray[np.bool_]) -> float:
    """How often a value of the second kind is above one of the first, ties by halves; 0.5: chance.

    Mann and Whitney's U ("On a test of whether one of two random variables is stochastically
    larger than the other", 1947) by the number of pairs.

    Shape:
        - values: ``(examples,)``
        - second: ``(examples,)``, both kinds among them
    """
    many, few = int(second.sum()), int((~second).sum())
    middle = (_ranks(values)[second].mean() + 0.5) * (many + few) + 0.5  # from 1
    return float((middle - (many + 1) / 2) / few)


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where each stands among all, -0.5 to 0.5; 0 of what is missing. ``(examples,)``"""
    known = np.isfinite(values)
    ranks = np.zeros(len(values))
    if known.any():
        _, places, counts = np.unique(values[known], return_inverse=True, return_counts=True)
        middle = np.cumsum(counts) - (counts + 1) / 2  # of those that are alike, from 0
        ranks[known] = ((middle + 0.5) / known.sum() - 0.5)[places]
    return ranks
