"""From annotations as a reader found them to boxed images, and what is wrong with them.

Template's file: updates replace it. To read another format, write a reader in data.py.
"""

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import UserError
from ...files import shown
from ...spelling import did_you_mean, nearest
from ..errors import DataError
from ..images.files import common_channels, open_file
from ..images.find_range import deep_files
from .boxed_images import BoxedImages

SLACK = 1.0  # pixels that a box may reach over its image's edge, where annotators round
Box = tuple[float, float, float, float]
Row = tuple[int, Box]  # of an object: class number and box
log = logging.getLogger(__name__)


@dataclass
class FoundObject:
    """An object as an annotation has it.

    Args:
        class_name: What it is.
        box: Left, top, right, bottom, in the units of the image's size.
        place: Where the annotation stands, such as ``labels/a.txt:3``.
    """

    class_name: str
    box: Box
    place: str


@dataclass
class FoundImage:
    """An image as a reader found it, with the height and width that its boxes are measured in."""

    file: Path
    size: tuple[float, float]
    objects: list[FoundObject]


class Faults:
    """What is wrong with annotations: raised at once, or left out, counted and told at the end.

    Args:
        on_error: ``raise`` or ``skip``.
        source: What is read, for the line at the end.
    """

    def __init__(self, on_error: str, source: str) -> None:
        self.on_error, self.source = on_error, source
        self.count, self.first = 0, ""

    def add(self, sentence: str) -> None:
        """Note a sentence with a place, what is wrong there, and what was expected.

        Raises:
            DataError: With that sentence, unless faults are skipped.
        """
        if self.on_error == "raise":
            raise DataError(f"{sentence}: mend it, or set data.on_error=skip")
        self.first = self.first or sentence
        self.count += 1

    def tell(self) -> None:
        """Say how many there were."""
        if self.count:
            faults = "1 fault" if self.count == 1 else f"{self.count} faults"
            log.warning(f"{self.source}: {faults} left out, the first: {self.first}")


def gather(
    found: Iterable[FoundImage],
    class_names: list[str],
    faults: Faults,
    in_pixels: bool = True,
) -> BoxedImages:
    """Check what a reader found, and put it into tensors.

    A box about nothing, outside of its image, of an unknown class or said twice is a fault, and so
    is an image file that is missing. An image without objects is none.

    Args:
        found: The images with their objects.
        class_names: The classes there are.
        faults: Where faults go.
        in_pixels: Whether sizes and boxes are pixels, not shares of the image.

    Raises:
        UserError: A fault, or no image is left.
    """
    numbers = {name: number for number, name in enumerate(class_names)}
    slack = SLACK if in_pixels else 0.01
    files: list[Path] = []
    rows: list[list[Row]] = []
    sizes: list[tuple[float, float]] = []
    for image in found:
        if image.file.is_file():
            files.append(image.file)
            rows.append(_checked(image, numbers, slack, faults))
            sizes.append(image.size)
        else:
            faults.add(f"{faults.source}: the image {shown(image.file)} is not there")
    faults.tell()
    if not files:
        raise UserError(f"{faults.source}: no image is left, expected at least one")
    boxes, labels = _padded(rows)
    open_files = partial(open_file, files)
    return BoxedImages(
        boxes,
        labels,
        class_names,
        open_files,
        channels=common_channels(len(files), open_files),
        names=[shown(file) for file in files],
        sizes=torch.tensor(sizes).long() if in_pixels else None,
        maybe_deep=partial(deep_files, files),
    )


def all_in_colour_or_none(splits: dict[str, BoxedImages]) -> dict[str, BoxedImages]:
    """The images of every split grey or RGB as those to train on are."""
    channels = splits["train"].channels
    return {split: replace(images, channels=channels) for split, images in splits.items()}


def _checked(image: FoundImage, numbers: dict[str, int], slack: float, faults: Faults) -> list[Row]:
    """Class number and box of each object of an image that has no fault."""
    height, width = image.size
    places: dict[Row, str] = {}
    for one in image.objects:
        left, top, right, bottom = one.box
        inside = max(left, 0.0), max(top, 0.0), min(right, width), min(bottom, height)
        if wrong := _fault(one, inside, image.size, numbers, slack):
            faults.add(f"{one.place}: {wrong}")
            continue
        row = numbers[one.class_name], inside
        if row in places:
            faults.add(f"{one.place}: the same box and class as {places[row]}, expected once")
            continue
        places[row] = one.place
    return list(places)


def _fault(
    one: FoundObject,
    inside: Box,
    size: tuple[float, float],
    numbers: dict[str, int],
    slack: float,
) -> str | None:
    """What is wrong with an object, of whose box a part is inside, and what was expected."""
    (height, width), (left, top, right, bottom) = size, one.box
    box = f"the box from ({left:g}, {top:g}) to ({right:g}, {bottom:g})"
    if one.class_name not in numbers:
        known = ", ".join(list(numbers)[:5]) + (", ..." if len(numbers) > 5 else "")
        hint = did_you_mean(nearest(one.class_name, numbers))
        return f"the class {one.class_name} is unknown, expected one of {known}{hint}"
    if not all(math.isfinite(side) for side in one.box):
        return f"{box} is not finite, expected four numbers"
    if min(left, top) < -slack or right > width + slack or bottom > height + slack:
        return f"{box} reaches out of its image, which is {width:g} wide and {height:g} high"
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        return f"{box} is empty, expected a width and a height above 0"
    return None


def _padded(rows: list[list[Row]]) -> tuple[Tensor, Tensor]:
    """Boxes and class numbers, rows filled up to the longest."""
    most = max([1, *map(len, rows)])
    boxes = np.zeros((len(rows), most, 4), dtype=np.float32)
    labels = np.full((len(rows), most), -1, dtype=np.int64)
    for number, row in enumerate(rows):
        for place, (label, box) in enumerate(row):
            boxes[number, place], labels[number, place] = box, label
    return torch.from_numpy(boxes), torch.from_numpy(labels)
