"""A dataset parted in two.

Template's file: updates replace it. To part otherwise, override ``DataModule.split`` in data.py.
"""

from typing import Any

import torch
from torch.utils.data import Dataset

from .cross_validation import groups_of
from .datasets import Subset, labels_of, num_examples
from .splitting import held_out, held_out_groups


def train_test_split(
    dataset: Dataset[Any], fraction: float, seed: int
) -> tuple[Subset[Any], Subset[Any]]:
    """What remains, and a random ``fraction``: of each class alike, or else of whole groups.

    Args:
        dataset: With ``labels`` or ``groups``, if it has them.
        fraction: Of its examples.
        seed: Another one, another part.
    """
    count, groups = num_examples(dataset), groups_of(dataset)
    if groups is None:
        part = held_out(count, labels_of(dataset), fraction, seed)
    else:
        part = held_out_groups(groups, fraction, seed)
    rest = torch.ones(count, dtype=torch.bool)
    rest[torch.from_numpy(part)] = False
    return Subset(dataset, rest.nonzero().flatten()), Subset(dataset, part)
