"""Which examples make a batch, and in which order: a pure function of (seed, epoch).

Template's file: updates replace it. To change the order, override ``DataModule.order`` in data.py.

Nothing is saved and nothing is drawn from a shared generator, so workers, prefetching and restarts
cannot change an order: a resumed run asks for batch 17 of epoch 3 and gets what it would have got.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Sampler

from .errors import UserError
from .seeding import key_seed

Indices = NDArray[np.int64]
STAND_IN = 2  # third number of a key; `balanced` has 1


class BatchKey(NamedTuple):
    """A place in training, all that is needed to make one batch there.

    Args:
        epoch: Counted from 0.
        batch: Its number in the epoch, over all ranks.
        indices: The examples, by their number in the split.
    """

    epoch: int
    batch: int
    indices: Indices


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


def training_position(trainer: pl.Trainer) -> tuple[int, int]:
    """The epoch, and how many of its batches are done: Lightning restores both on resume."""
    return trainer.current_epoch, trainer.fit_loop.epoch_loop.batch_progress.current.completed


class BatchSampler(Sampler[BatchKey]):
    """Cuts an epoch's order into batches, and starts at the batch where training stands.

    A last batch that is not full is kept. Each rank takes every ``world_size``-th example of a
    global batch; when fewer examples than ranks are left, the ranks without one take the batch's
    first, so that all ranks make the same number of steps.

    Args:
        order: From an epoch to its examples, as many in each epoch.
        num_examples: How many that is.
        batch_size: Examples in a batch of one rank.
        position: Where training stands: the epoch, and how many of its batches are done.
        rank: This process among ``world_size``.
        world_size: Processes that train together.
    """

    def __init__(
        self,
        order: Callable[[int], Indices],
        num_examples: int,
        batch_size: int,
        position: Callable[[], tuple[int, int]] = lambda: (0, 0),
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.order, self.position = order, position
        self.num_examples, self.global_batch_size = num_examples, batch_size * world_size
        self.rank, self.world_size = rank, world_size

    def __len__(self) -> int:
        """Batches of a whole epoch; Lightning itself counts those already done."""
        return -(-self.num_examples // self.global_batch_size)

    def examples(self, epoch: int, batch: int) -> Indices:
        """The examples of a batch, of all ranks together."""
        return self._cut(self.order(epoch), batch)

    def _cut(self, order: Indices, batch: int) -> Indices:
        return order[batch * self.global_batch_size :][: self.global_batch_size]

    def __iter__(self) -> Iterator[BatchKey]:
        epoch, done = self.position()
        order = self.order(epoch)
        for batch in range(done % len(self) if len(self) else 0, len(self)):
            examples = self._cut(order, batch)
            share = examples[self.rank :: self.world_size]
            number = batch * self.world_size + self.rank
            yield BatchKey(epoch, number, share if len(share) else examples[:1])
