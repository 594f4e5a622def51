"""The data sets of torchvision with a class for each pixel: VOCSegmentation and OxfordIIITPet.

Template's file: updates replace it. To read another data set, write a reader in data.py.

VOC has 20 classes and background; the border about each object, 255, does not count. The pets'
trimaps hold 1 for the pet, 2 for the background and 3 for the border between them: the classes are
background and pet, and the border does not count.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...config.data import MaskDataConfig
from ...errors import UserError
from ...files import shown
from ...spelling import did_you_mean, nearest
from ..boxes.tree import Tree
from ..notes import Notes
from .encodings import Encoding, of_values
from .masked_images import IGNORED, MaskedImages
from .pair_reader import from_pairs
from .pair_splits import Part
from .pairs import Pairs

NAMES = ("VOCSegmentation", "OxfordIIITPet")
VOC_CLASSES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair"),
    *("cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)
# What each split is called there; the first that torchvision knows is taken.
SPLITS = {
    "VOCSegmentation": {"train": "train", "val": "val", "test": "test"},
    "OxfordIIITPet": {"train": "trainval", "test": "test"},
}
ENCODINGS = {
    "VOCSegmentation": of_values(dict(enumerate(VOC_CLASSES)), set(), {IGNORED}),
    "OxfordIIITPet": of_values({2: "background", 1: "pet"}, set(), {3}),
}


def download(config: MaskDataConfig, root: Path) -> None:
    """Download what is not there yet.

    Raises:
        UserError: torchvision has no such data set, or it cannot be downloaded.
    """
    for word in _words(config).values():
        try:
            _made(config, root, word)
        except (OSError, RuntimeError):  # its files are not there; unpacking takes minutes
            with _reachable(config, root):
                _made(config, root, word, download=True)


def load(config: MaskDataConfig, root: Path) -> dict[str, MaskedImages]:
    """The data set by split: those that there are, "train" in any case.

    Raises:
        UserError: Its files are not in ``root``, or (unless skipped) a mask is faulty.
    """
    name = str(config.dataset)
    words = _words(config)
    found, parts = Pairs(), {}
    for split, word in words.items():
        with _reachable(config, root):
            pairs = _made(config, root, word)
        if pairs is None and config.splits:
            raise UserError(f"data.splits: torchvision's {name} has no split {word}")
        if pairs is not None:
            found.images.update(pairs)
            parts[split] = Part(f"torchvision's {name} {word}", list(pairs))
    tree = Tree(root, Notes())
    return from_pairs(config, parts, found, tree, _encoding(config))


def _words(config: MaskDataConfig) -> dict[str, str]:
    name = str(config.dataset)
    if name not in NAMES:
        hint = did_you_mean(nearest(name, NAMES, cutoff=0.4))
        raise UserError(
            f"data.dataset: {name} is none of torchvision's {' and '.join(NAMES)}{hint}"
        )
    if config.splits is None:
        return SPLITS[name]
    stated = config.splits or {"train": SPLITS[name]["train"]}
    return {split: word for split, word in stated.items() if word is not None}


def _encoding(config: MaskDataConfig) -> Encoding:
    """What is known of the data set, unless classes shall not count."""
    name = str(config.dataset)
    for setting in ("class_names", "class_values", "colors", "ignore_values", "mask_names"):
        if getattr(config, setting) is not None:
            raise UserError(f"data.{setting} is for data.source=folder; {name}'s is known")
    known, ignored = ENCODINGS[name], set(config.ignore_classes or ())
    if unknown := ignored - set(known.class_names):
        raise UserError(f"data.ignore_classes has {min(unknown)}, which is no class of {name}")
    values = {v: known.class_names[n] for v, n in known.numbers.items() if n != IGNORED}
    passed = {value for value, number in known.numbers.items() if number == IGNORED}
    return of_values(values, ignored, passed)


def _made(
    config: MaskDataConfig, root: Path, word: str, *, download: bool = False
) -> dict[str, str | None] | None:
    """The mask of each image of a split; None where torchvision knows no such split."""
    from torchvision import datasets  # a quarter of a second, for this source alone

    arguments: dict[str, Any] = {"download": download}
    try:
        if config.dataset == "OxfordIIITPet":
            pets: Any = datasets.OxfordIIITPet(root, split=word, **arguments)
            images, masks = pets._images, pets._segs
        else:
            voc = datasets.VOCSegmentation(root, config.year, image_set=word, **arguments)
            images, masks = voc.images, voc.masks
    except ValueError:  # torchvision's answer to a year or split that it does not know
        if config.dataset == "VOCSegmentation" and config.year not in map(str, range(2007, 2013)):
            raise UserError(
                f"data.year: {config.year} is no year of VOCSegmentation, expected 2007 to 2012"
            ) from None
        return None
    return {str(image): str(mask) for image, mask in zip(images, masks, strict=True)}


@contextmanager
def _reachable(config: MaskDataConfig, root: Path) -> Iterator[None]:
    """Say in a sentence that there is no network, no room, or a file is missing."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or ["no answer"])[0].rstrip(".")
        raise UserError(
            f"data.dataset: torchvision cannot get {config.dataset} into {shown(root)} "
            f"({reason}): check the network, copy its files there from a machine that has it, or "
            "set data.source=demo"
        ) from None
