"""Any classification data set of torchvision, by the name of its class: MNIST, CIFAR10, ...

Template's file: updates replace it. To read a data set that is not in torchvision, write a reader
in data.py.
"""

import inspect
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision.datasets
from PIL import Image
from torch import Tensor

from ...config.data import ImageDataConfig
from ...errors import UserError
from ...files import shown
from ...spelling import did_you_mean, nearest
from ..errors import DataError
from ..notes import Notes
from .files import UNREADABLE, common_channels, unreadable
from .labelled_images import LabelledImages, from_pixels

NAMES = [
    *("Caltech101", "Caltech256", "CIFAR10", "CIFAR100", "Country211", "DTD", "EMNIST", "EuroSAT"),
    *("FashionMNIST", "FER2013", "FGVCAircraft", "Flowers102", "Food101", "GTSRB", "ImageNet"),
    *("Imagenette", "KMNIST", "MNIST", "OxfordIIITPet", "PCAM", "QMNIST", "RenderedSST2"),
    *("SEMEION", "StanfordCars", "STL10", "SUN397", "SVHN", "USPS"),
]
# What a split is called where a class has the argument `split`; the first that works is taken.
SPLITS = {"train": ("train", "trainval"), "val": ("val", "valid"), "test": ("test",)}
NEEDED: dict[str, dict[str, Any]] = {"EMNIST": {"split": "balanced"}}  # besides root and train


def download(config: ImageDataConfig, root: Path) -> None:
    """Download what is not there yet.

    Raises:
        UserError: torchvision has no such data set, or it cannot be downloaded.
    """
    for words in _words(config).values():
        _make(str(config.dataset), root, words, download=True)


def load(config: ImageDataConfig, root: Path) -> dict[str, LabelledImages]:
    """The data set by split: those that torchvision has of it, "train" in any case.

    Raises:
        UserError: torchvision has no such data set, or its files are not in ``root``.
    """
    name, found = str(config.dataset), {}
    for split, words in _words(config).items():
        data = _make(name, root, words, download=False)
        if data is not None:
            found[split] = _labelled(data, f"torchvision's {name}")
        elif config.splits:
            raise UserError(f"data.splits: torchvision's {name} has no split {words[0]}")
    return found


def _words(config: ImageDataConfig) -> dict[str, tuple[str, ...]]:
    """What each split is called there: as data.splits states it, else the first word that works."""
    if config.splits is None:
        return SPLITS
    stated = config.splits or {"train": "train"}
    return {split: (word,) for split, word in stated.items() if word is not None}


def _make(name: str, root: Path, words: Sequence[str], *, download: bool) -> Any:
    """torchvision's data set, or None where it has no split by one of these words."""
    if name not in NAMES:
        hint = did_you_mean(nearest(name, NAMES, cutoff=0.4))
        raise UserError(f"data.dataset: {name} is no classification data set of torchvision{hint}")
    data_class = getattr(torchvision.datasets, name)
    accepted = inspect.signature(data_class).parameters
    arguments = dict(NEEDED.get(name, {}))
    if "download" in accepted:
        arguments["download"] = download
    if "train" in accepted:
        choices = [{"train": word == "train"} for word in words if word in ("train", "test")]
    elif "split" in accepted:
        choices = [{"split": word} for word in words]
    else:
        choices = [{}] if "train" in words else []
    for choice in choices:
        try:
            return data_class(root, **arguments, **choice)
        except ValueError:  # torchvision's answer to a split that it does not know
            continue
        except (OSError, RuntimeError) as error:  # no network, a full disk, a file that is missing
            raise _out_of_reach(name, root, error) from None
    return None


def _out_of_reach(name: str, root: Path, error: Exception) -> UserError:
    reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else "no answer"
    return UserError(
        f"data.dataset: torchvision cannot get {name} into {shown(root)} ({reason}): check the "
        "network, copy its files there from a machine that has it, or set data.source=demo"
    )


def _labelled(data: Any, place: str) -> LabelledImages:
    labels = _labels(data)
    class_names = _class_names(data, int(labels.max()) + 1)
    if (pixels := _pixels(data)) is not None:
        return from_pixels(pixels, labels, class_names, place)
    open_image = partial(_open, data)
    channels = common_channels(len(labels), open_image)
    return LabelledImages(labels, class_names, open_image, channels, notes=Notes(place))


def _open(data: Any, index: int) -> Image.Image:
    try:
        return data[index][0]
    except UNREADABLE as error:
        raise DataError(unreadable(f"image {index} of {type(data).__name__}", error)) from None


def _labels(data: Any) -> Tensor:
    """Class numbers, under one of the names that torchvision's classes use for them."""
    for name in ("targets", "labels", "_labels", "y"):
        labels = getattr(data, name, None)
        if labels is not None and len(labels) == len(data):
            labels = torch.as_tensor(np.asarray(labels)).long()
            return labels if labels.ndim == 1 else labels[:, 0]  # QMNIST tells more than the class
    if (samples := getattr(data, "_samples", None)) is not None:  # pairs of file and class
        return torch.tensor([int(label) for _, label in samples])
    return torch.tensor([int(data[index][1]) for index in range(len(data))])


def _class_names(data: Any, num_classes: int) -> list[str]:
    names: Sequence[Any] = getattr(data, "classes", None) or getattr(data, "categories", None) or ()
    first = [name[0] if isinstance(name, tuple) else name for name in names]  # ImageNet: synonyms
    return [str(name) for name in first] if len(first) >= num_classes else _numbers(num_classes)


def _numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def _pixels(data: Any) -> Tensor | None:
    """The images that a data set holds in memory, as ``(examples, channels, height, width)``."""
    images = getattr(data, "data", None)
    if not isinstance(images, np.ndarray | Tensor) or len(images) != len(data):
        return None
    pixels = torch.as_tensor(images)
    if pixels.dtype != torch.uint8:
        return None
    if pixels.ndim == 3:
        return pixels.unsqueeze(1)
    return pixels.permute(0, 3, 1, 2).contiguous() if pixels.shape[-1] in (1, 3) else pixels
