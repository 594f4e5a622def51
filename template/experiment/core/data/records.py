"""An example as its source has it: what looking at data reads.

Template's file: updates replace it. Core's own datasets have ``record(index)``; one of yours need
not. With it, the tools that look at data see the file itself, not what became of it.
"""

from typing import Any, NamedTuple

from torch.utils.data import Dataset

from .datasets import base_of


class Record(NamedTuple):
    """An example before resizing, encoding and augmentation.

    Args:
        id: Stable and telling: the file's path, or the place in the source, such as a row.
        raw: The item as it was read: an image of PIL, opened and not turned; a text; a row.
        label: In words, as the source has it: a class's name; the names and boxes of the objects;
            None where nobody knows.
        group: What it must not be parted from, such as a patient; None: nothing.
    """

    id: str
    raw: Any
    label: Any = None
    group: Any = None


def record_of(dataset: Dataset[Any], index: int) -> Record | None:
    """The record of an example; None where the dataset has none."""
    dataset, indices = base_of(dataset)
    record = getattr(dataset, "record", None)
    if record is None:
        return None
    return record(index if indices is None else int(indices[index]))
