"""Faults of a whole data set and of its loader, each as strong as it is said to be; 0 is none."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from project import ROOT

sys.path.insert(0, str(ROOT / "tests"))

import numpy as np
import planted  # pyright: ignore[reportMissingImports]
import planted_loader as loaders  # pyright: ignore[reportMissingImports]

Splits = dict[str, Any]


def times(item: Any, factor: float) -> bytes:
    """An image so many times as light."""
    return planted.saved(planted.opened(item).point(lambda value: int(value * factor)))


def darker(splits: Splits, strength: float, random: Any) -> None:
    """Held-out images are darker by so much."""
    val = splits["val"]
    val.items = [times(item, 1 - strength) for item in val.items]


def two_cameras(splits: Splits, strength: float, random: Any) -> None:
    """Held-out images are by turns darker and lighter by so much: on the average they are not."""
    val = splits["val"]
    val.items = [
        times(item, 1 + strength * (-1 if place % 2 else 1)) for place, item in enumerate(val.items)
    ]


def fewer(splits: Splits, strength: float, random: Any) -> None:
    """The share ``strength`` of one class is missing among the held-out examples."""
    val = splits["val"]
    of_class = np.flatnonzero(np.array(val.labels) == planted.CLASSES[0])
    missing = random.permutation(of_class)[: round(strength * len(of_class))].tolist()
    kept = sorted({*range(len(val))} - {*missing})
    for name in ("items", "labels", "names"):
        setattr(val, name, [getattr(val, name)[place] for place in kept])


def marked(splits: Splits, strength: float, random: Any) -> None:
    """The share ``strength`` of each class has a size of its own."""
    for split in splits.values():
        for place, label in enumerate(split.labels):
            if random.random() < strength:
                side = 50 + 15 * planted.CLASSES.index(label)
                shown = planted.opened(split.items[place]).resize((side, side))
                split.items[place] = planted.saved(shown)


def lit(splits: Splits, strength: float, random: Any) -> None:
    """Each class is darker than the one before it by so much."""
    for split in splits.values():
        split.items = [
            times(item, 1 - strength * planted.CLASSES.index(label))
            for item, label in zip(split.items, split.labels, strict=True)
        ]


def sorted_by_class(splits: Splits, strength: float, random: Any) -> None:
    """The share ``strength`` of the training examples stands in the order of the classes."""
    train = splits["train"]
    chosen = np.flatnonzero(random.random(len(train)) < strength)
    order = chosen[np.argsort(np.array(train.labels)[chosen], kind="stable")]
    items, labels = list(train.items), list(train.labels)
    for place, other in zip(chosen.tolist(), order.tolist(), strict=True):
        train.items[place], train.labels[place] = items[other], labels[other]


def leaking(splits: Splits, strength: float, random: Any) -> None:
    """The share ``strength`` of the groups of val is in train, too; of four examples each."""
    train, val = splits["train"], splits["val"]
    train.groups = [f"train {place // 4}" for place in range(len(train))]
    shared = random.random(len(val) // 4 + 1) < strength
    val.groups = [
        f"{'train' if shared[place // 4] else 'val'} {place // 4}" for place in range(len(val))
    ]


def untouched(splits: Splits, strength: float, random: Any) -> None:
    """What is wrong is in the loader alone."""


@dataclass
class Fault:
    """A fault of a set.

    Args:
        plant: Changes the splits.
        strengths: How strong it is tried.
        loader: What the loader does wrong by a strength; None: nothing, and it has no facts.
        settings: Of ``data``.
        peers: Whom to ask for which of their issues.
        boxed: Whether the images have boxes instead of a class.
    """

    plant: Callable[[Splits, float, Any], None]
    strengths: tuple[float, ...]
    loader: Callable[[float], Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    peers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    boxed: bool = False


OF_SHORTCUTS = {
    "Datalab, images": ("spurious_correlations",),
    "deepchecks": ("Property Label Correlation",),
}
FAULTS: dict[str, Fault] = {  # by who finds it, and a word of which it is
    "drift": Fault(
        darker,
        (0.1, 0.2, 0.4),
        peers={"deepchecks": ("Image Property Drift", "Image Dataset Drift")},
    ),
    "drift: two cameras": Fault(
        two_cameras, (0.1, 0.2, 0.4), peers={"deepchecks": ("Image Property Drift",)}
    ),
    "label_drift": Fault(fewer, (0.3, 0.6, 0.9), peers={"deepchecks": ("Label Drift",)}),
    "shortcut": Fault(marked, (0.4, 0.7, 1.0), peers=OF_SHORTCUTS),
    "shortcut: brightness": Fault(lit, (0.1, 0.2, 0.3), peers=OF_SHORTCUTS),
    "order": Fault(
        sorted_by_class,
        (0.3, 0.6, 1.0),
        settings={"sampler": "sequential"},
        peers={"Datalab, pixels": ("non_iid",), "Datalab, HOG": ("non_iid",)},
    ),
    "groups": Fault(leaking, (0.01, 0.05, 0.2)),
    "statistics": Fault(darker, (0.1, 0.2, 0.4), loaders.statistics),
    "same_order": Fault(untouched, (0.5, 0.9, 1.0), loaders.same_order),
    "unlike_file": Fault(untouched, (0.05, 0.2, 1.0), loaders.unlike_file),
    "val_augmented": Fault(untouched, (0.02, 0.1, 0.5), loaders.val_augmented),
    "labels_changed": Fault(untouched, (0.05, 0.2, 1.0), loaders.labels_changed),
    "values": Fault(untouched, (1.05, 2.0, 255.0), loaders.values),
    "objects_lost": Fault(untouched, (0.05, 0.2, 0.5), loaders.objects_lost, boxed=True),
}
NONE = {"values": 1.0}  # a factor; elsewhere no fault is 0
