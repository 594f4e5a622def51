"""Images by ``data.source``: which reader reads what.

Template's file: updates replace it. For a source of your own, override ``read_source`` in data.py.
"""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from ...config.data import ImageDataConfig
from ...errors import UserError
from . import demo_digits, folder
from .labelled_images import LabelledImages

READERS = {"torchvision": "torchvision", "huggingface": "huggingface", "folder": "folder"}


class ImageFacts(Protocol):
    """What has to be known of the training images to read others alike."""

    class_names: list[str]
    channels: int


def download(config: ImageDataConfig, root: Path) -> None:
    """Download what is not there yet.

    Raises:
        UserError: There is no such data set, or it cannot be downloaded.
    """
    if config.source in ("torchvision", "huggingface"):
        _reader(config).download(config, root)


def load(config: ImageDataConfig, root: Path) -> dict[str, LabelledImages]:
    """The images of the source by split, as they are: those splits that it has, "train" always.

    Raises:
        UserError: They are not there, or one of them is faulty; says which, and what is right.
    """
    return demo_digits.load() if config.source == "demo" else _reader(config).load(config, root)


def load_unlabelled(path: Path, facts: ImageFacts, config: ImageDataConfig) -> LabelledImages:
    """One image, or every image below a folder, as the training images are; each class is -1.

    Raises:
        UserError: There is no such file or folder, or no image in it.
    """
    return folder.load_unlabelled(path, facts.class_names, facts.channels)


def _reader(config: ImageDataConfig) -> Any:
    if config.source not in READERS:
        raise UserError(f"data.source: {config.source} is read by nothing in core/data/images/")
    return import_module(f".{READERS[config.source]}", __package__)
