"""Which examples belong to which part of the data: pure functions of labels and a seed.

Template's file: updates replace it. To split otherwise, override ``DataModule.split`` in data.py.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from .sampling import Indices, shuffled


def held_out(num_examples: int, labels: Tensor | None, fraction: float, *key: int) -> Indices:
    """A random ``fraction`` of the examples, the same fraction of each class, in rising order."""
    order = shuffled(num_examples, *key)
    if labels is not None:  # class after class, and at random within each
        order = order[np.argsort(labels.numpy()[order], kind="stable")]
    return np.sort(order[evenly(num_examples, round(num_examples * fraction))])


def held_out_groups(groups: Sequence[Any], fraction: float, *key: int) -> Indices:
    """The examples of random groups, about a ``fraction`` of all examples, in rising order.

    At least one group is held out, and one is left.
    """
    names, members = np.unique(np.asarray(groups), return_inverse=True)
    order = shuffled(len(names), *key)
    reached = np.cumsum(np.bincount(members, minlength=len(names))[order])
    count = int(np.searchsorted(reached, round(len(members) * fraction), side="left")) + 1
    chosen = order[: max(1, min(count, len(names) - 1))]
    return np.flatnonzero(np.isin(members, chosen))


def first_of_each_class(num_examples: int, labels: Tensor | None, limit: int) -> Indices:
    """At most ``limit`` examples: equally many of each class, or else evenly spread."""
    if labels is None:
        return evenly(num_examples, min(limit, num_examples))
    by_class = np.argsort(labels.numpy(), kind="stable")
    counts = np.unique(labels.numpy(), return_counts=True)[1]
    turn = np.concatenate([np.arange(count) for count in counts]) if len(counts) else by_class
    return np.sort(by_class[np.argsort(turn, kind="stable")[:limit]])


def evenly(num_examples: int, count: int) -> Indices:
    """``count`` places, spread evenly over ``num_examples``."""
    return np.arange(count) * num_examples // max(count, 1)
