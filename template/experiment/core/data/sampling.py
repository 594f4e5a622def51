"""Which examples make a batch, and in which order: a pure function of (seed, epoch).

Template's file: updates replace it. To change the order, override ``DataModule.order`` in data.py.

Nothing is saved and nothing is drawn from a shared generator, so workers, prefetching and restarts
cannot change an order: a resumed run asks for batch 17 of epoch 3 and gets what it would have got.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from ..errors import UserError
from .seeding import key_seed

Indices = NDArray[np.int64]
STAND_IN = 2  # third number of a key; `balanced` has 1


class BatchKey(NamedTuple):
    """A place in training, all that is needed to make one batch there.

    Args:
        epoch: Counted from 0.
        batch: Its number in the epoch, over all ranks.
        indices: The examples, by their number in the split.
        progress: The share of the training that lies before it, 0 to 1; NaN where nobody knows.
    """

    epoch: int
    batch: int
    indices: Indices
    progress: float = 0.0


def sequential(num_examples: int) -> Indices:
    """Every example once, first to last."""
    return np.arange(num_examples)


def shuffled(num_examples: int, *key: int) -> Indices:
    """Every example once, in an order drawn from ``key``."""
    # Ten times as fast as NumPy's stable sort; the highest bit turned over, numbers with a sign
    # stand in the order of those without.
    signed = (_raw(num_examples, *key) ^ np.uint64(1 << 63)).view(np.int64)
    return torch.argsort(torch.from_numpy(signed), stable=True).numpy()


def balanced(labels: Tensor, *key: int) -> Indices:
    """As many examples as there are, of each class equally many (up to one).

    Within a class they are drawn with replacement, so rare examples return, frequent ones wait.
    """
    by_class = [np.flatnonzero(labels.numpy() == label) for label in labels.unique()]
    rounds = -(-len(labels) // len(by_class))
    draws = _raw(rounds * len(by_class), *key, 1).reshape(len(by_class), rounds)
    chosen = [
        members[draw % np.uint64(len(members))]
        for members, draw in zip(by_class, draws, strict=True)
    ]
    turns = np.stack(chosen, axis=1)  # (rounds, classes): each round holds every class once
    order = turns.reshape(-1)[: len(labels)]
    return order[shuffled(len(order), *key)]


def checked_order(
    order: Callable[[Dataset[Any], int], Any], dataset: Dataset[Any], epoch: int
) -> Indices:
    """What ``DataModule.order`` gives, as numbers of the dataset's examples.

    Raises:
        UserError: It gives something else.
    """
    indices = np.asarray(order(dataset, epoch))
    count = len(dataset)  # pyright: ignore[reportArgumentType]
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        what = f"{indices.dtype} of shape {indices.shape}"
        raise UserError(f"data.py: order() gives {what}; it must give whole numbers in a row")
    if len(indices) and not 0 <= indices.min() <= indices.max() < count:
        raise UserError(
            f"data.py: order() gives {indices.min()} to {indices.max()}; the dataset has the "
            f"examples 0 to {count - 1}"
        )
    return indices.astype(np.int64, copy=False)


def without(
    order: Callable[[int], Indices], left_out: Sequence[int], seed: int
) -> Callable[[int], Indices]:
    """An order in which other examples stand in for those that are left out.

    Each stand-in is drawn from the same epoch's order, which keeps its length, and takes the place
    of one that is left out: every other example stays in its batch. So the number of batches, the
    counters of the loops and the schedule stay as they were, also when training goes on in
    mid-epoch; and it is a function of (seed, epoch), whatever ``DataModule.order`` does.

    Args:
        order: From an epoch to its examples.
        left_out: The examples that no batch may hold; not all that there are.
        seed: The run's.
    """
    if not left_out:
        return order

    def kept(epoch: int) -> Indices:
        examples = np.array(order(epoch))
        is_out = np.isin(examples, left_out)
        if is_out.all():
            raise UserError(f"epoch {epoch + 1} has no example left: rollbacks.json leaves all out")
        others = examples[~is_out]
        others = others[shuffled(len(others), seed, epoch, STAND_IN)]
        examples[is_out] = np.resize(others, is_out.sum())  # from the first again, if too few
        return examples

    return kept


def _raw(count: int, *key: int) -> NDArray[np.uint64]:
    """64 random bits each. NumPy keeps this stream for ever, but not that of ``shuffle()``."""
    return np.asarray(np.random.PCG64(key_seed(*key)).random_raw(count), dtype=np.uint64)


class Place(NamedTuple):
    """Where a loader starts.

    Args:
        epoch: Counted from 0.
        batches: Numbers of the batches to give, from where training stands to the epoch's end. One
            that the loader does not have stands for its batches once more, from the first on.
        total: Batches of the whole training; infinite where nobody knows, None outside of it.
        per_epoch: Batches of an epoch of training, which may be more than this loader has.
        loader: What the loader is called among those of training.
    """

    epoch: int
    batches: Iterable[int]
    total: float | None = None
    per_epoch: float = math.inf
    loader: str = ""

    def progress(self, batch: int) -> float:
        """The share of the training that lies before a batch, 0 to 1; NaN where nobody knows."""
        if self.total is None:
            return 0.0
        if math.isinf(self.total):
            return math.nan
        before = self.epoch * self.per_epoch if self.epoch else 0.0  # not 0 times infinity
        return min(1.0, (before + batch) / max(1.0, self.total))


class BatchSampler(Sampler[BatchKey]):
    """Cuts an epoch's order into batches, and starts at the batch where training stands.

    Each rank takes every ``world_size``-th example of a global batch; when fewer examples than
    ranks are left, the ranks without one take the batch's first, so that all ranks make the same
    number of steps.

    Args:
        order: From an epoch to its examples, as many in each epoch.
        num_examples: How many that is.
        batch_size: Examples in a batch of one rank.
        drop_last: Leave out a last global batch that is not full.
        place: Where this loader starts; None: at the first of all batches.
        left_out: Examples that no batch may hold, by the loader's name.
        seed: The run's.
        rank: This process among ``world_size``.
        world_size: Processes that train together.
    """

    def __init__(
        self,
        order: Callable[[int], Indices],
        num_examples: int,
        batch_size: int,
        *,
        drop_last: bool = False,
        place: "Callable[[BatchSampler], Place] | None" = None,
        left_out: Mapping[str, Sequence[int]] | None = None,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.order, self.place, self.drop_last = order, place, drop_last
        self.num_examples, self.global_batch_size = num_examples, batch_size * world_size
        self.left_out, self.seed = left_out or {}, seed
        self.rank, self.world_size = rank, world_size

    def __len__(self) -> int:
        """Batches of a whole epoch; Lightning itself counts those already done."""
        full, rest = divmod(self.num_examples, self.global_batch_size)
        return full + (rest > 0 and not self.drop_last)

    def examples(self, epoch: int, batch: int, loader: str = "") -> Indices:
        """The examples of a batch, of all ranks together."""
        return self._cut(self._ordered(epoch, loader), batch)

    def last_batch(self) -> int:
        """Examples in the last batch of an epoch, of the rank that has the fewest."""
        rest = self.num_examples % self.global_batch_size
        count = rest if rest and not self.drop_last else self.global_batch_size
        return max(1, count // self.world_size)

    def _ordered(self, epoch: int, loader: str) -> Indices:
        order = without(self.order, self.left_out.get(loader, ()), self.seed)(epoch)
        if len(order) != self.num_examples:
            raise UserError(
                f"data.py: order() gives {len(order):,} examples for epoch {epoch + 1} and "
                f"{self.num_examples:,} for the first; it must give as many for each epoch, some "
                "more than once if need be"
            )
        return order

    def _cut(self, order: Indices, batch: int) -> Indices:
        start = batch % len(self) * self.global_batch_size
        return order[start : start + self.global_batch_size]

    def __iter__(self) -> Iterator[BatchKey]:
        if not len(self):
            return
        place = self.place(self) if self.place else Place(0, range(len(self)))
        order = self._ordered(place.epoch, place.loader)
        for batch in place.batches:
            examples = self._cut(order, batch)
            share = examples[self.rank :: self.world_size]
            yield BatchKey(
                place.epoch,
                batch * self.world_size + self.rank,
                share if len(share) else examples[:1],
                place.progress(batch),
            )
