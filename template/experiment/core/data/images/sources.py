"""Images by ``data.source``: which reader reads what.

Template's file: updates replace it. For a source of your own, override ``read_source`` in data.py.
"""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from ...config.data import BoxDataConfig, ImageDataConfig, MaskDataConfig
from ...errors import UserError
from ..leaving_out import leave_out
from . import demo_digits, folder
from .find_range import range_of, set_range
from .labelled_images import LabelledImages

READERS = {"torchvision": "torchvision", "huggingface": "huggingface", "folder": "folder"}


class ImageFacts(Protocol):
    """What has to be known of the training images to read others alike."""

    class_names: list[str]
    channels: int
    value_range: list[float]


def download(config: ImageDataConfig, root: Path) -> None:
    """Download what is not there yet.

    Raises:
        UserError: There is no such data set, or it cannot be downloaded.
    """
    if config.source in ("torchvision", "huggingface"):
        _reader(config).download(config, root)


def load(
    config: ImageDataConfig, root: Path, known: ImageFacts | None = None
) -> dict[str, LabelledImages]:
    """The images of the source by split, as they are: those splits that it has, "train" always.

    Args:
        config: The section ``data``.
        root: Its folder.
        known: The facts of a run that goes on, whose value range holds whatever is there by now.

    Raises:
        UserError: They are not there, or one of them is faulty; says which, and what is right.
    """
    demo = config.source == "demo"
    splits = demo_digits.load() if demo else _reader(config).load(config, root)
    leave_out(splits, config)
    set_range(splits, config.value_range, known)
    return splits


def load_unlabelled(
    path: Path, facts: ImageFacts, config: ImageDataConfig | BoxDataConfig | MaskDataConfig
) -> LabelledImages:
    """One image, or every image below a folder, as the training images are; each class is -1.

    Raises:
        UserError: There is no such file or folder, or no image in it.
    """
    images = folder.load_unlabelled(path, facts.class_names, facts.channels)
    images.value_range = range_of(config.value_range, facts) or images.value_range
    return images


def _reader(config: ImageDataConfig) -> Any:
    if config.source not in READERS:
        raise UserError(f"data.source: {config.source} is read by nothing in core/data/images/")
    return import_module(f".{READERS[config.source]}", __package__)
