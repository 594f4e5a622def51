"""Datasets that hand out whole batches, and how a batch is fetched.

Template's file: updates replace it. To change how a batch is made, override ``DataModule.fetch``
or ``DataModule.collate`` in data.py.

A dataset of ours has a length, ``labels`` (a class number for each example, or None) and one of

- ``__getitems__(indices) -> batch``: whole tensors at once, from memory; ten times as fast;
- ``__getitem__(index) -> sample``: one example, read when it is needed.

A sample and a batch are the same NamedTuple of tensors; in a batch each has one axis more, the
first. Images among them may be ``tv_tensors.Image``, so that transforms know them.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors

from .errors import UserError
from .sampling import BatchKey, Indices
from .seeding import SAMPLE, seed_all
from .transforms import BatchTransform, like, stack

BatchT = TypeVar("BatchT", bound=tuple[Any, ...])


class DataError(UserError):
    """An example that cannot be read: a sentence with its place, and what was expected.

    A loader's worker process can hand over only text, with its traceback around the sentence: the
    sentence is what is kept.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.strip().rpartition("DataError: ")[2])


class TensorData(Dataset[BatchT], Generic[BatchT]):
    """Examples that lie in memory as one batch, and leave as smaller ones.

    Args:
        examples: All of them, each field a tensor with the examples along its first axis.
        labels: Class numbers for splitting, slicing and balancing; None where there are none.
        names: What each is called, such as its file.
    """

    def __init__(
        self, examples: BatchT, labels: Tensor | None = None, names: Sequence[str] = ()
    ) -> None:
        self.examples, self.labels, self.names = examples, labels, names

    def __len__(self) -> int:
        return len(self.examples[0])

    def __getitems__(self, indices: ArrayLike) -> BatchT:
        chosen = torch.as_tensor(indices)
        return type(self.examples)(*(_select(field, chosen) for field in self.examples))

    def __getitem__(self, index: int) -> BatchT:
        return type(self.examples)(*(like(field[index], field) for field in self.examples))


def _select(field: Tensor, chosen: Tensor) -> Tensor:
    """``field[chosen]``, fifteen times as fast as indexing a tensor that knows it is an image."""
    return like(field.as_subclass(Tensor).index_select(0, chosen), field)


class Subset(Dataset[BatchT], Generic[BatchT]):
    """Some examples of a dataset, in a given order; nothing is copied.

    Args:
        dataset: Where they are; of another subset, its dataset is taken.
        indices: Which they are.
    """

    def __init__(self, dataset: Dataset[BatchT], indices: ArrayLike) -> None:
        self.indices = np.asarray(indices, dtype=np.int64)
        if isinstance(dataset, Subset):
            self.indices, dataset = dataset.indices[self.indices], dataset.dataset
        self.dataset = dataset

    @property
    def labels(self) -> Tensor | None:
        labels = labels_of(self.dataset)
        return None if labels is None else labels[torch.from_numpy(self.indices)]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> BatchT:
        return self.dataset[int(self.indices[index])]


def labels_of(dataset: Dataset[Any]) -> Tensor | None:
    """A class number for each example, or None where the data has no classes."""
    return getattr(dataset, "labels", None)


def num_examples(dataset: Dataset[Any]) -> int:
    return len(dataset)  # pyright: ignore[reportArgumentType]  # torch's Dataset declares no length


def names_of(dataset: Dataset[Any]) -> list[str]:
    """What each example is called, such as its file; empty where they have no names."""
    if isinstance(dataset, Subset):
        names = names_of(dataset.dataset)
        return [names[index] for index in dataset.indices] if names else []
    return list(getattr(dataset, "names", []))


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
        self.indices = dataset.indices if isinstance(dataset, Subset) else None
        self.dataset = dataset.dataset if isinstance(dataset, Subset) else dataset
        self.whole = hasattr(self.dataset, "__getitems__")
        self.transform = BatchTransform(transform) if self.whole and transform else transform
        self.seed_draws: Callable[..., Any] | None = seed_all
        if type(self.dataset).__module__.startswith(f"{__package__}."):  # it draws nothing itself
            self.seed_draws = getattr(self.transform, "seed", None)
        with torch.inference_mode(False):  # in which Lightning asks for loaders to evaluate with
            # Worker processes write here too, so that the main process knows how many there were.
            self.skipped = torch.zeros(num_examples(dataset), dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return len(self.skipped)

    def __getitem__(self, key: BatchKey) -> BatchT:
        if self.whole:
            if self.seed_draws:
                self.seed_draws(self.seed, SAMPLE, key.epoch, key.batch)
            batch = self.untransformed(key.indices)
            batch = self.transform(batch) if self.transform else batch
        else:
            batch = self.collate(self._samples(key.epoch, key.indices, self.transform))
        return type(batch)(*(_plain(field) for field in batch))

    def untransformed(self, indices: Indices) -> BatchT:
        """Some examples as the dataset holds them, in one batch."""
        if not self.whole:
            return self.collate(self._samples(0, indices, None))
        places = indices if self.indices is None else self.indices[indices]
        return self.dataset.__getitems__(places)  # pyright: ignore[reportAttributeAccessIssue]

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


def _plain(field: Any) -> Any:
    """Past the transforms a tensor need not know that it is an image, and is faster without."""
    return field.as_subclass(Tensor) if isinstance(field, tv_tensors.TVTensor) else field
