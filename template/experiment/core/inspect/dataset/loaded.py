"""Some examples of a split as a model gets them.

Template's file: updates replace it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ...data.batches import stack
from ...data.fetch import Fetch
from ...data.sampling import BatchKey
from .evidence import Evidence
from .looks.sample_look import parts_of

COUNT = 32  # examples: a batch that is quickly made, spread over the split


class Loaded(NamedTuple):
    """Some examples.

    Args:
        places: Which they are, among those that were read.
        batch: The batch that they make.
    """

    places: NDArray[np.int64]
    batch: Any

    def tensors(self) -> dict[str, Tensor]:
        """The fields of the batch that are tensors, by their names or places."""
        return {name: part for name, part in parts_of(self.batch) if isinstance(part, Tensor)}


def loaded(
    evidence: Evidence, split: str, epoch: int = 0, transformed: bool = True
) -> Loaded | None:
    """Examples of a split as the loader of that split gives them; None where none can be read.

    Args:
        evidence: Has the DataModule.
        split: Which split.
        epoch: By whose seeds a transform draws.
        transformed: Whether they are transformed at all.
    """
    read, data = evidence.splits[split], evidence.data
    places = np.flatnonzero(read.readable)
    if not len(places):
        return None
    places = places[np.unique(np.linspace(0, len(places) - 1, COUNT).astype(int))]
    indices, dataset = read.indices[places], data.examples(split)
    fetch = data.fetch(split, dataset)
    if transformed:
        return Loaded(places, fetch[BatchKey(epoch, 0, indices)])
    plain = Fetch(dataset, None, data.seed, getattr(data, "collate", stack))
    return Loaded(places, plain.untransformed(indices))


def scored(evidence: Evidence) -> Iterator[str]:
    """The splits that a model trains on and is scored on, if they are there."""
    yield from (name for name in ("train", "val", "test") if name in evidence.splits)
