"""Datasets that hand out whole batches, and what may be known of a dataset.

Template's file: updates replace it. To change how a batch is made, override ``DataModule.fetch``
or ``DataModule.collate`` in data.py.

Any dataset of torch or torchvision will do: a length, and ``__getitem__(index) -> sample``. More is
possible where it has one of these, of which none is needed:

- ``get_batch(indices) -> batch``: whole tensors at once, from memory; ten times as fast;
- ``labels``, or ``targets`` as in torchvision: a class number for each example;
- ``groups``: a name for each example; examples of one group are never parted;
- ``names``: what each is called, such as its file;
- ``class_names``, or ``classes`` as in torchvision: what the class numbers stand for;
- ``notes``: where it is from, and what was passed over there: notes.py;
- ``late_notes()``: the same of what shows only when examples are read;
- ``labelled``: False where nobody knows the labels, so that it is for ``predict`` alone;
- ``content(indices)``: what is in them, in words, such as "7 objects of 2 classes"; None: in all;
- ``in_memory``: False where ``get_batch`` reads from the disk;
- ``record(index)``: an example as the source has it: records.py.

(``__getitems__``, by torch's own rules, gives a list of samples.)
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, TensorDataset
from torch.utils.data import Subset as TorchSubset
from typing_extensions import TypeIs

from .batches import like
from .notes import Notes

BatchT = TypeVar("BatchT", bound=Any)


class TensorData(Dataset[BatchT], Generic[BatchT]):
    """Examples that lie in memory as one batch, and leave as smaller ones.

    Args:
        examples: All of them, each field a tensor with the examples along its first axis.
        labels: Class numbers for splitting, slicing and balancing; None where there are none.
        names: What each is called, such as its file.
        record: From its number to the example as the source has it.
        notes: Where they are from, and what was passed over there.
        class_names: Of the classes, by their numbers.
        labelled: Whether anyone knows the labels; None: ``labels`` tell.
        content: From numbers of examples, or None for all, to what is in them, in words.
    """

    def __init__(
        self,
        examples: BatchT,
        labels: Tensor | None = None,
        names: Sequence[str] = (),
        record: Callable[[int], Any] | None = None,
        notes: Notes | None = None,
        class_names: Sequence[str] = (),
        labelled: bool | None = None,
        content: Callable[[NDArray[np.int64] | None], str] | None = None,
    ) -> None:
        self.examples, self.labels, self.names = examples, labels, names
        self.record, self.notes, self.class_names = record, notes, class_names
        self.labelled, self.content = labelled, content

    def __len__(self) -> int:
        return len(self.examples[0])

    def get_batch(self, indices: ArrayLike) -> BatchT:
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
        dataset, there = base_of(dataset)
        self.indices = self.indices if there is None else there[self.indices]
        self.dataset = dataset

    @property
    def labels(self) -> Tensor | None:
        labels = labels_of(self.dataset)
        return None if labels is None else labels[torch.from_numpy(self.indices)]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> BatchT:
        return self.dataset[int(self.indices[index])]


def base_of(dataset: Dataset[Any]) -> tuple[Dataset[Any], NDArray[np.int64] | None]:
    """The dataset that the examples of a subset lie in, and where; None: it is all of it."""
    indices = None
    while isinstance(dataset, (Subset, TorchSubset)):
        there = np.asarray(dataset.indices, dtype=np.int64)
        indices = there if indices is None else there[indices]
        dataset = dataset.dataset
    return dataset, indices


def whole_batches(dataset: Dataset[Any]) -> Callable[[Any], Any] | None:
    """What gives whole batches of a dataset, if it can."""
    if type(dataset) is TensorDataset:
        return partial(_rows, dataset)
    return getattr(dataset, "get_batch", None)


def _rows(dataset: TensorDataset, indices: ArrayLike) -> tuple[Tensor, ...]:
    chosen = torch.as_tensor(indices)
    return tuple(_select(tensor, chosen) for tensor in dataset.tensors)


def is_stream(dataset: Any) -> TypeIs[IterableDataset[Any]]:
    """Whether examples come one after the other, and none can be asked for by its number."""
    return isinstance(dataset, IterableDataset)


def labels_of(dataset: Dataset[Any]) -> Tensor | None:
    """A class number for each example, or None where the data has no classes.

    Its ``labels``, or its ``targets``, which may be any sequence of whole numbers or of names.
    """
    dataset, indices = base_of(dataset)
    found = getattr(dataset, "labels", None)
    labels = _class_numbers(getattr(dataset, "targets", None) if found is None else found)
    if labels is None or len(labels) != num_examples(dataset):
        return None
    return labels if indices is None else labels[torch.from_numpy(indices)]


def _class_numbers(found: Any) -> Tensor | None:
    if isinstance(found, Tensor) and found.ndim == 1 and not found.is_floating_point():
        return found
    try:
        values = np.asarray(found)
    except ValueError:  # lists of different lengths
        return None
    if values.ndim != 1 or values.dtype.kind not in "iubUS":
        return None
    if values.dtype.kind in "US":
        values = np.unique(values, return_inverse=True)[1]
    return torch.from_numpy(values.astype(np.int64))


def is_labelled(dataset: Dataset[Any]) -> bool:
    """Whether it can be scored: unless it says otherwise, or all of its labels are -1."""
    dataset = base_of(dataset)[0]
    said = getattr(dataset, "labelled", None)
    if said is not None:
        return bool(said)
    labels = labels_of(dataset)
    return labels is None or not len(labels) or bool((labels >= 0).any())


def num_examples(dataset: Dataset[Any]) -> int:
    return len(dataset)  # pyright: ignore[reportArgumentType]  # torch's Dataset declares no length


def names_of(dataset: Dataset[Any]) -> list[str]:
    """What each example is called, such as its file; empty where they have no names."""
    dataset, indices = base_of(dataset)
    names: Any = getattr(dataset, "names", ())
    if indices is None or not len(names):
        return list(names)
    return [names[index] for index in indices.tolist()]
