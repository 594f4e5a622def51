"""Boxes in VOC's format: an XML file an image, as torchvision's VOCDetection downloads them.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...config.data import BoxDataConfig
from ...errors import UserError
from ...files import shown
from ..notes import Notes
from .annotations import gather, together
from .boxed_images import BoxedImages
from .found import Faults, FoundImage
from .voc_xml import XML, from_zero, read

SPLITS = ("train", "val", "test")


def download(config: BoxDataConfig, root: Path) -> None:
    """Download what is not there yet.

    Raises:
        UserError: It cannot be downloaded.
    """
    for split in SPLITS:
        try:
            _voc(root, config.year, split)
        except (OSError, RuntimeError):  # its files are not there; unpacking takes minutes
            with _reachable(root, config.year):
                _voc(root, config.year, split, download=True)


def load(config: BoxDataConfig, root: Path) -> dict[str, BoxedImages]:
    """The data set by split: those that there are, "train" in any case.

    Raises:
        UserError: Its files are not in ``root``, or (unless skipped) an annotation is faulty.
    """
    year = config.year
    with _reachable(root, year):
        made = {split: _voc(root, year, split) for split in SPLITS}
    found, faults = {}, {}
    for split, data in made.items():
        if data is not None:
            source = f"VOCDetection {year} {split}"
            faults[split] = Faults(config.on_error, source, Notes(source))
            found[split] = list(_found(data, faults[split]))
    names = sorted({one.class_name for image in found["train"] for one in image.objects})
    if not names:
        raise UserError(f"VOCDetection {year} has no object in its training images")
    splits = {
        split: gather(images, names, faults[split], split=split) for split, images in found.items()
    }
    return together(splits)


def _voc(root: Path, year: str, split: str, *, download: bool = False) -> Any:
    """torchvision's data set, or None where it has no such split."""
    from torchvision.datasets import VOCDetection  # a quarter of a second, for this source alone

    try:
        return VOCDetection(str(root), year=year, image_set=split, download=download)
    except ValueError:  # torchvision's answer to a year or split that it does not know
        if split == "train":
            raise UserError(
                f"data.year: {year} is no year of VOCDetection, expected 2007 to 2012"
            ) from None
        return None


@contextmanager
def _reachable(root: Path, year: str) -> Iterator[None]:
    """Say in a sentence that there is no network, no room, or a file is missing."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or ["no answer"])[0].rstrip(".")
        raise UserError(
            f"data.dataset: torchvision cannot get VOCDetection {year} into {shown(root)} "
            f"({reason}): check the network, copy its files there from a machine that has it, or "
            "set data.source=demo"
        ) from None


def _found(data: Any, faults: Faults) -> Iterator[FoundImage]:
    for image, annotation in zip(data.images, data.annotations, strict=True):
        file, found = Path(annotation), FoundImage(Path(image), None)
        try:
            told = from_zero(read(file, faults.notes), first=1)
            found.size, found.objects = told.size, told.objects
        except ValueError as error:
            faults.of(found, f"{shown(file)} cannot be read ({error}), {XML}")
        yield found
