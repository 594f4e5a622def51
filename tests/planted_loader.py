"""Faults of what a loader makes of images, by code apart from what finds them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import planted
import torch
from planted import Examples, Files, Modules
from torch import Tensor

SIDE = 32
MOST_OBJECTS = 3
Change = Callable[[str, Any], Any]  # of a sample of a split, before it is normalised


class Shown(NamedTuple):
    """An image of a class."""

    image: Tensor
    label: int


class ShownObjects(NamedTuple):
    """An image of some objects; the class -1 is none."""

    image: Tensor
    boxes: Tensor
    label: Tensor


@dataclass
class Facts:
    """What the data tells the model."""

    mean: list[float]
    std: list[float]
    class_names: list[str] = field(default_factory=list)
    image_size: int = SIDE

    @property
    def num_classes(self) -> int:
        return len(self.class_names)


@dataclass
class Loader:
    """How a loader goes wrong; as it is here, not at all.

    Args:
        change: Happens to a sample before it is normalised.
        measured_on: Whose mean and deviation are normalised by.
        mixed: The share of the held-out examples that come in each other's place.
        steady: The share of the training examples that keep their place from epoch to epoch.
    """

    change: Change = lambda split, sample: sample
    measured_on: str = "train"
    mixed: float = 0.0
    steady: float = 0.0


class Images(Files):
    """Images as a loader gives them, with their class or their boxes."""

    def __init__(self, examples: Examples, record_type: Any, mixed: float = 0.0) -> None:
        super().__init__(examples, record_type)
        self.places = _mixed(len(examples), mixed)

    def __getitem__(self, index: int) -> Shown | ShownObjects:
        place = int(self.places[index])
        image, label = _pixels(self.examples.items[place]), self.examples.labels[place]
        if isinstance(label, list):
            boxes, numbers = torch.zeros(MOST_OBJECTS, 4), torch.full((MOST_OBJECTS,), -1)
            for number, (name, box) in enumerate(label):
                boxes[number] = torch.tensor(box)
                numbers[number] = planted.CLASSES.index(name)
            return ShownObjects(image, boxes, numbers)
        return Shown(image, int(self.labels[place]))


def _pixels(item: bytes | str) -> Tensor:
    grey = planted.opened(item).convert("L").resize((SIDE, SIDE))
    return torch.from_numpy(np.asarray(grey, dtype=np.float32) / 255)[None]


def _mixed(count: int, part: float) -> Any:
    """Numbers from 0, of which a part has gone round by one place."""
    places = np.arange(count)
    moved = np.flatnonzero(np.random.default_rng(count).random(count) < part)
    places[moved] = np.roll(moved, 1)
    return places


def data_module(
    experiment: Modules, splits: dict[str, Examples], loader: Loader, **settings: Any
) -> Any:
    """A DataModule with these splits, whose loader has such a fault."""
    base, record = experiment("core.data.datamodule").DataModule, experiment("core.data.records")
    measured = torch.stack([_pixels(item) for item in splits[loader.measured_on].items])
    names = sorted({str(label) for label in splits["train"].labels if isinstance(label, str)})
    facts = Facts([float(measured.mean())], [float(measured.std())], names)

    class LoadedData(base):
        facts_type = Facts

        def setup(self, stage: str | None = None) -> None:
            for name, examples in splits.items():
                mixed = 0.0 if name == "train" else loader.mixed
                self.datasets[name] = Images(examples, record.Record, mixed)

        def find_facts(self) -> Facts:
            return facts

        def transforms(self, split: str) -> Callable[[Any], Any]:
            def transform(sample: Any) -> Any:
                sample = loader.change(split, sample)
                return sample._replace(image=(sample.image - facts.mean[0]) / facts.std[0])

            return transform

        def order(self, dataset: Any, epoch: int) -> Any:
            order = super().order(dataset, epoch)
            if not loader.steady:
                return order
            random, first = np.random.default_rng(epoch), super().order(dataset, 0)
            free = np.flatnonzero(np.random.default_rng(7).random(len(first)) >= loader.steady)
            first[free] = first[random.permutation(free)]
            return first

    return LoadedData(experiment("config").DataConfig(**settings))


# --- faults, by how strong they are ---------------------------------------------------------------


def _sometimes(split: str, part: float, change: Callable[[Any], Any]) -> Change:
    """Change a part of the samples of a split, each time other ones."""

    def changed(name: str, sample: Any) -> Any:
        return change(sample) if name == split and torch.rand(()) < part else sample

    return changed


def val_augmented(part: float) -> Loader:
    """Held-out images are mirrored now and then."""
    return Loader(_sometimes("val", part, lambda one: one._replace(image=one.image.flip(-1))))


def labels_changed(part: float) -> Loader:
    """Augmentation changes what an image is said to be."""
    classes = len(planted.CLASSES)
    return Loader(
        _sometimes("train", part, lambda one: one._replace(label=(one.label + 1) % classes))
    )


def values(factor: float) -> Loader:
    """Held-out images are so many times as bright as black and white allow."""
    return Loader(_sometimes("val", 1.0, lambda one: one._replace(image=one.image * factor)))


def objects_lost(part: float) -> Loader:
    """Augmentation loses so many of the objects."""

    def losing(split: str, sample: Any) -> Any:
        gone = torch.rand(len(sample.label)) < (part if split == "train" else 0.0)
        return sample._replace(label=torch.where(gone, -1, sample.label))

    return Loader(losing)


def unlike_file(part: float) -> Loader:
    return Loader(mixed=part)


def same_order(part: float) -> Loader:
    return Loader(steady=part)


def statistics(part: float) -> Loader:
    """Mean and deviation were measured on the held-out images, which the caller makes unlike."""
    return Loader(measured_on="val" if part else "train")
