"""Images with masks by ``data.source``: which reader reads what.

Template's file: updates replace it. For a source of your own, override ``read_source`` in data.py.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from ...config.data import MaskDataConfig
from ...errors import UserError
from ..images.find_range import set_range
from ..images.sources import ImageFacts
from ..images.sources import load_unlabelled as load_images
from ..leaving_out import leave_out
from . import demo
from .masked_images import MaskedImages, without_masks

READERS = {"torchvision": "torchvision_sets", "folder": "folder"}


def download(config: MaskDataConfig, root: Path) -> None:
    """Download what is not there yet, where torchvision can.

    Raises:
        UserError: torchvision has no such data set, or it cannot be downloaded.
    """
    if config.source == "torchvision":
        _reader(config).download(config, root)


def load(
    config: MaskDataConfig, root: Path, known: ImageFacts | None = None
) -> dict[str, MaskedImages]:
    """The images of the source by split, as they are: those splits that it has, "train" always.

    Args:
        config: The section ``data``.
        root: Its folder.
        known: The facts of a run that goes on, whose value range holds whatever is there by now.

    Raises:
        UserError: They are not there, or (unless skipped) a mask is faulty; says which, and what
            is right.
    """
    is_demo = config.source == "demo"
    splits = demo.load() if is_demo else _reader(config).load(config, root)
    leave_out(splits, config)
    set_range(splits, config.value_range, known)
    return splits


def load_unlabelled(path: Path, facts: ImageFacts, config: MaskDataConfig) -> MaskedImages:
    """One image, or every image below a folder, of whose pixels nothing is known.

    Raises:
        UserError: There is no such file or folder, or no image in it.
    """
    return without_masks(load_images(path, facts, config))


def _reader(config: MaskDataConfig) -> Any:
    if config.source not in READERS:
        raise UserError(f"data.source: {config.source} is read by nothing in core/data/masks/")
    return import_module(f".{READERS[config.source]}", __package__)
