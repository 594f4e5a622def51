"""Each example of a split is read once, by several processes, and little is kept of it.

Template's file: updates replace it.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from ...data.datasets import base_of, labels_of, names_of, num_examples
from ...data.records import Record, record_of
from ...data.sampling import Indices
from ...data.seeding import key_seed
from .inspection import ExampleId
from .looks.image_look import IMAGE_NUMBERS, IMAGE_WORDS, SIDE, ImageLook
from .looks.look import Look
from .looks.sample_look import content_digest, input_and_label, parts_of, plain_label
from .looks.tensor_look import TENSOR_NUMBERS, tensor_look
from .looks.text_look import TEXT_NUMBERS, text_look, token_look

MOST = 200_000  # examples of a split: their small copies take some 300 MB
CHUNK = 64  # examples that a process reads before it hands them over
FEW = 1000  # examples that are read before further processes would have begun
NUMBERS = {
    "image": IMAGE_NUMBERS,
    "text": TEXT_NUMBERS,
    "tokens": TEXT_NUMBERS,
    "other": TENSOR_NUMBERS,
}
Progress = Callable[[int], None]  # how many more examples were read


@dataclass
class SplitRead:
    """What was read of a split.

    Args:
        name: Such as ``train``.
        count: How many examples it has.
        indices: Which of them were read.
        looks: What was kept of each of those.
        has_records: Whether its dataset has ``record``.
        class_names: Of the classes, by their numbers, if the dataset names them.
    """

    name: str
    count: int
    indices: Indices
    looks: list[Look]
    has_records: bool = True
    class_names: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.looks)

    @cached_property
    def kind(self) -> str:
        """What its examples are: that of most of those that could be read."""
        kinds = [look.kind for look in self.looks if not look.fault]
        return max(sorted(set(kinds)), key=kinds.count) if kinds else "unreadable"

    @cached_property
    def readable(self) -> NDArray[np.bool_]:
        """Which could be read, and are what most are, ``(examples,)``."""
        return np.array([look.kind == self.kind and not look.fault for look in self.looks], bool)

    @cached_property
    def table(self) -> NDArray[np.float32]:
        """What was measured, NaN of what could not be, ``(examples, numbers)``."""
        names = NUMBERS.get(self.kind, ())
        missing = (np.nan,) * len(names)
        rows = [
            look.numbers if fine else missing
            for look, fine in zip(self.looks, self.readable, strict=True)
        ]
        return np.array(rows, dtype=np.float32).reshape(len(self.looks), len(names))

    def numbers(self, name: str) -> NDArray[np.float32]:
        """One of the numbers of each example, ``(examples,)``."""
        return self.table[:, NUMBERS[self.kind].index(name)]

    def words(self, name: str) -> list[str]:
        """The same of what has no size."""
        place = IMAGE_WORDS.index(name)
        return [look.words[place] if look.words else "" for look in self.looks]

    @cached_property
    def small(self) -> NDArray[np.uint8]:
        """The small copies of images, black of what could not be read, ``(examples, 32, 32)``."""
        black = np.zeros((SIDE, SIDE), dtype=np.uint8)
        copies = [black if look.small is None else look.small for look in self.looks]
        return np.stack(copies) if copies else np.zeros((0, SIDE, SIDE), np.uint8)

    @cached_property
    def classes(self) -> list[str | None]:
        """The class of each example; None where it has none, or many."""
        return [
            str(look.label) if isinstance(look.label, (str, int)) else None for look in self.looks
        ]

    def id_of(self, position: int) -> ExampleId:
        """How to speak of an example, by its place among those that were read."""
        return ExampleId(self.name, int(self.indices[position]), self.looks[position].id)


class Looks(Dataset[list[Look]]):
    """Looks at some examples of a dataset, asked for by their numbers; worker processes have one.

    Args:
        dataset: Where they are.
        value_range: What is black and white in deep images.
        tokenizer: From tokens to their text; None: nobody knows.
        class_names: What class numbers stand for where the dataset does not say.
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        value_range: list[float] | None = None,
        tokenizer: Any = None,
        class_names: Sequence[str] = (),
    ) -> None:
        self.dataset, self.tokenizer = dataset, tokenizer
        self.see_image = ImageLook(value_range)
        base, self.inside = base_of(dataset)
        self.has_records = getattr(base, "record", None) is not None
        self.names, self.labels = names_of(dataset), labels_of(dataset)
        self.groups = getattr(base, "groups", None)
        self.class_names = class_names_of(base) or list(class_names)

    def __len__(self) -> int:
        return num_examples(self.dataset)

    def __getitem__(self, indices: Indices) -> list[Look]:
        return [self._look(index) for index in indices.tolist()]

    def _look(self, index: int) -> Look:
        name = str(self.names[index]) if self.names else f"example {index}"
        try:
            record = self._record(index, name)
            label = self._named(record.label)
            return Look(
                str(record.id), **self._seen(record.raw), **_labelled(record._replace(label=label))
            )
        except MemoryError:  # says nothing of the example
            raise
        except Exception as error:  # whatever a reader of somebody's format raises
            reason = " ".join(str(error).split()) or type(error).__name__
            return Look(name, "unreadable", fault=reason)

    def _record(self, index: int, name: str) -> Record:
        record = record_of(self.dataset, index) if self.has_records else None
        if record is not None:
            return record
        shown, label = input_and_label(self.dataset[index])
        if label is None and self.labels is not None:
            label = int(self.labels[index])
        place = index if self.inside is None else int(self.inside[index])
        group = None if self.groups is None else self.groups[place]
        return Record(name, shown, label, group)

    def _named(self, label: Any) -> Any:
        """A class by its name; what is none is left as it is, -1 says that nobody knows."""
        number = plain_label(label)
        if not isinstance(number, int):
            return label
        if number == -1:
            return None
        return self.class_names[number] if 0 <= number < len(self.class_names) else number

    def _seen(self, raw: Any) -> dict[str, Any]:
        if isinstance(raw, Image.Image):
            with raw:  # an opened file
                return self.see_image(raw)
        if isinstance(raw, str):
            return text_look(raw)
        if isinstance(raw, list) and raw and all(isinstance(one, int) for one in raw):
            return token_look(raw, self.tokenizer.decode(raw) if self.tokenizer else "")
        parts = raw if _are_fields(raw) else list(parts_of(raw))
        return {"kind": "other", "digest": content_digest(raw), **tensor_look(parts)}


def _are_fields(raw: Any) -> bool:
    """Whether it is what ``input_and_label`` makes of an example that is no image and no text."""
    return isinstance(raw, list) and all(
        isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) for one in raw
    )


def _labelled(record: Record) -> dict[str, Any]:
    """The fields of a ``Look`` that say what is known of an example."""
    label, group = record.label, record.group
    fields = {"group": None if group is None else str(group), "label": label}
    if isinstance(label, Image.Image):
        counts = np.bincount(np.asarray(label).ravel())
        there = np.flatnonzero(counts).tolist()
        fields["label"] = {number: int(counts[number]) for number in there}
    elif plain_label(label) is not None:
        fields["label"] = plain_label(label)
    elif not isinstance(label, list):  # something of the researcher's, which may be large
        fields["label"] = None
    if label is not None:
        fields["label_digest"] = content_digest(label)
    return fields


def class_names_of(dataset: Any) -> list[str]:
    """What the class numbers of a dataset stand for; empty if it does not say."""
    names = getattr(dataset, "class_names", None)
    names = getattr(dataset, "classes", None) if names is None else names
    return [str(name) for name in names] if isinstance(names, (list, tuple)) else []


def read_split(
    name: str, looks: Looks, most: int | None, seed: int, progress: Progress | None = None
) -> SplitRead:
    """Look at the examples of a split, or at a seeded part of them.

    Args:
        name: Of the split.
        looks: Looks at its examples.
        most: At how many; None: ``MOST``.
        seed: Which they are, where there are more.
        progress: Is told of each that was read.
    """
    count = len(looks)
    indices = chosen_indices(count, most, seed)
    found: list[Look] = []
    for part in _parts(looks, indices):
        found += part
        if progress is not None:
            progress(len(part))
    return SplitRead(name, count, indices, found, looks.has_records, looks.class_names)


def chosen_indices(count: int, most: int | None, seed: int) -> Indices:
    """Which of so many examples are looked at: all, or a seeded part, in their order."""
    most = MOST if most is None else most
    if count <= most:
        return np.arange(count)
    random = np.random.default_rng(key_seed(seed, 0))
    return np.sort(random.choice(count, most, replace=False))


def _parts(looks: Looks, indices: Indices) -> Iterable[list[Look]]:
    chunks = [indices[start : start + CHUNK] for start in range(0, len(indices), CHUNK)]
    workers = min(os.cpu_count() or 1, 8) if len(indices) > FEW else 0
    return DataLoader(
        looks,
        batch_size=None,
        sampler=chunks,  # pyright: ignore[reportArgumentType]  # keys need not be numbers
        num_workers=workers,
        collate_fn=_as_it_is,
        prefetch_factor=4 if workers else None,
        generator=torch.Generator(),  # so that it draws nothing from torch's
    )


def _as_it_is(part: list[Look]) -> list[Look]:
    return part
