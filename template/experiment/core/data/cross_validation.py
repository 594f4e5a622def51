"""k-fold cross-validation: which examples validate, in one ordinary run for each fold.

Template's file: updates replace it. sweeps/folds.yaml runs all folds. To fold otherwise, override
``DataModule.fold`` in data.py. A dataset whose examples belong together (slices of a patient, pages
of a book) has ``groups``, a name for each example: a group is in one fold as a whole. One whose
examples overlap (windows of a text) has ``overlap(held)``, which marks those that have a part in
what validates: they are not trained on.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from .datasets import Subset, base_of, num_examples
from .sampling import Indices


def folded(
    train: Dataset[Any], val: Dataset[Any] | None, fold: int, folds: int, seed: int
) -> tuple[Subset[Any], Subset[Any]]:
    """All folds but one, and that one; the test split has no part in it.

    Args:
        train: What is trained on without folds.
        val: What is validated on without them: joins in where it was taken from the same dataset.
        fold: Which one validates, counted from 0.
        folds: How many there are.
        seed: Another seed, other folds.
    """
    dataset, places = _places(train)
    if val is not None:
        other, more = _places(val)
        if other is dataset:
            places = np.sort(np.concatenate([places, more]))
    groups = groups_of(dataset)
    keys = places.tolist() if groups is None else [groups[place] for place in places]
    held = fold_numbers(keys, folds, seed) == fold
    overlap: Callable[[Indices], Any] | None = getattr(dataset, "overlap", None)
    left = ~held if overlap is None else ~held & ~overlap(places[held])[places]
    return Subset(dataset, places[left]), Subset(dataset, places[held])


def groups_of(dataset: Dataset[Any]) -> Sequence[Any] | None:
    """A name for each example, which those that belong together share; None where there is none."""
    dataset, indices = base_of(dataset)
    groups = getattr(dataset, "groups", None)
    return groups if groups is None or indices is None else [groups[place] for place in indices]


def fold_numbers(keys: Iterable[Any], folds: int, seed: int) -> Indices:
    """The fold of each key: a hash, so that no key changes its fold when others are added."""
    coded = (f"{seed}/{key}".encode("utf-8", "surrogateescape") for key in keys)
    digests = (hashlib.sha256(name).digest() for name in coded)
    numbers = [int.from_bytes(digest[:8], "big") % folds for digest in digests]
    return np.array(numbers, dtype=np.int64)


def _places(dataset: Dataset[Any]) -> tuple[Dataset[Any], Indices]:
    """The dataset that examples lie in, and where."""
    dataset, indices = base_of(dataset)
    return dataset, np.arange(num_examples(dataset)) if indices is None else indices
