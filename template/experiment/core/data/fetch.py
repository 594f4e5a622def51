"""How a batch is fetched from a dataset: examples, transforms, one tensor a field.

Template's file: updates replace it. To change how a batch is made, override
``DataModule.fetch`` or ``DataModule.collate`` in data.py.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic

import torch
from torch.utils.data import Dataset

from ..errors import UserError
from .batch_transforms import BatchTransform
from .batches import plain, stack
from .datasets import BatchT, base_of, names_of, num_examples, whole_batches
from .errors import DataError
from .sampling import BatchKey, Indices
from .seeding import SAMPLE, seed_all


class Fetch(Dataset[BatchT], Generic[BatchT]):
    """From a place in training to its finished batch: examples, transforms, one tensor a field.

    Whatever is random is seeded from (seed, epoch, batch) where whole tensors are transformed, and
    from (seed, epoch, index) where examples are: never from what was fetched before.

    Args:
        dataset: The examples.
        transform: What happens to a sample; on whole tensors it still draws for each example.
        seed: The run's.
        collate: From the samples to a batch, where the dataset gives samples.
        skip_unreadable: Leave out the examples that raise DataError; ``skipped`` marks them.
    """

    def __init__(
        self,
        dataset: Dataset[BatchT],
        transform: Callable[[BatchT], BatchT] | None = None,
        seed: int = 0,
        collate: Callable[[Sequence[BatchT]], BatchT] = stack,
        skip_unreadable: bool = False,
    ) -> None:
        self.source, self.seed, self.collate = dataset, seed, collate
        self.skip_unreadable = skip_unreadable
        self.dataset, self.indices = base_of(dataset)
        self.get_batch = whole_batches(self.dataset)
        self.told = told_of_progress(transform)
        self.transform = BatchTransform(transform) if self.whole and transform else transform
        self.seed_draws: Callable[..., Any] | None = seed_all
        if type(self.dataset).__module__.startswith(f"{__package__}."):  # it draws nothing itself
            self.seed_draws = getattr(self.transform, "seed", None)
        with torch.inference_mode(False):  # in which Lightning asks for loaders to evaluate with
            # Worker processes write here too, so that the main process knows how many there were.
            self.skipped = torch.zeros(num_examples(dataset), dtype=torch.bool).share_memory_()

    @property
    def whole(self) -> bool:
        """Whether the dataset hands out whole batches."""
        return self.get_batch is not None

    def __len__(self) -> int:
        return len(self.skipped)

    def __getitem__(self, key: BatchKey) -> BatchT:
        tell(self.told, key.epoch, key.progress)
        if not self.whole:
            samples = self._samples(key.epoch, key.indices, self.transform)
            return plain(self._stacked(samples, key.indices))
        if self.seed_draws:
            self.seed_draws(self.seed, SAMPLE, key.epoch, key.batch)
        batch = self.untransformed(key.indices)
        return plain(self.transform(batch) if self.transform else batch)

    def untransformed(self, indices: Indices) -> BatchT:
        """Some examples as the dataset holds them, in one batch."""
        if self.get_batch is None:
            return self._stacked(self._samples(0, indices, None), indices)
        return self.get_batch(indices if self.indices is None else self.indices[indices])

    def _samples(
        self, epoch: int, indices: Indices, transform: Callable[[BatchT], BatchT] | None
    ) -> list[BatchT]:
        samples, error = [], None
        for index in indices.tolist():
            seed_all(self.seed, SAMPLE, epoch, index)
            try:
                sample = self.dataset[index if self.indices is None else int(self.indices[index])]
            except DataError as unreadable:
                if not self.skip_unreadable:
                    raise
                self.skipped[index], error = True, unreadable
            else:
                samples.append(transform(sample) if transform else sample)
        if not samples:
            raise DataError(f"no example of a batch of {len(indices)} can be read: {error}")
        return samples

    def _stacked(self, samples: list[BatchT], indices: Indices) -> BatchT:
        try:
            return self.collate(samples)
        except UserError as error:
            raise UserError(f"{error}{self._misfits(samples, indices)}") from error

    def _misfits(self, samples: list[BatchT], indices: Indices) -> str:
        """Two examples that make no batch, by their names; empty where they have none."""
        names = names_of(self.source)
        read = [index for index in indices.tolist() if not self.skipped[index]]
        for index, sample in zip(read, samples, strict=False) if names else ():
            try:
                self.collate([samples[0], sample])
            except UserError:
                return f" ({names[read[0]]} and {names[index]})"
        return ""


def readable(fetch: Fetch[BatchT], chosen: Indices) -> BatchT:
    """Some examples, untransformed, or those behind them where ``skip`` leaves out all of these.

    Raises:
        DataError: None can be read, or one without ``skip``.
    """
    shifts = max(1, len(fetch) // max(1, len(chosen)))
    for shift in range(shifts - 1):
        try:
            return fetch.untransformed(chosen + shift)
        except DataError:
            if not fetch.skip_unreadable:
                raise
    return fetch.untransformed(chosen + shifts - 1)


def told_of_progress(transform: Any) -> list[Any]:
    """The parts of a transform that have ``at(epoch, progress)``, those of chains included.

    They are told where in training the batch lies that they are about to make, in the process that
    makes it: ``progress`` is the share of the planned batches that lie before, 0 to 1.
    """
    return [part for part in _parts(transform, set()) if callable(getattr(part, "at", None))]


def tell(parts: Sequence[Any], epoch: int, progress: float) -> None:
    """Tell them.

    Raises:
        UserError: Training has no end to measure progress by.
    """
    if parts and math.isnan(progress):
        raise UserError(
            f"data.py: {type(parts[0]).__name__} has at(epoch, progress), and nobody says when "
            "training ends: set trainer.max_steps or trainer.max_epochs"
        )
    for part in parts:
        part.at(epoch, progress)


def _parts(transform: Any, seen: set[int]) -> Iterator[Any]:
    if id(transform) in seen or not callable(transform) or isinstance(transform, type):
        return
    seen.add(id(transform))
    yield transform
    # What holds others: a chain, v2's choices among some, Views, a torch module, a class of yours.
    inside = list(getattr(transform, "_modules", {}).values())
    for value in getattr(transform, "__dict__", {}).values():
        inside += value if isinstance(value, (list, tuple)) else [value]
    for part in inside:
        yield from _parts(part, seen)
