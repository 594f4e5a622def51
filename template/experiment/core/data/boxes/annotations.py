"""From annotations as a reader found them to boxed images.

Template's file: updates replace it. To read another format, write a reader in data.py.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import UserError
from ...files import shown
from ..errors import DataError
from ..images.files import common_channels, open_file
from ..images.find_range import deep_files
from .boxed_images import BoxedImages
from .checks import checked, said
from .found import Faults, FoundImage, Row, size_of

NO_SIZE = "images have no size in their annotations: taken from the files"
SHARED = "images are for training, too"
UNUSED = "classes have no object to train on"
LEFT_OUT = "images have an annotation that cannot be used: left out"


def gather(
    found: Iterable[FoundImage],
    class_names: list[str],
    faults: Faults,
    *,
    in_pixels: bool = True,
    split: str = "train",
    labelled: bool = True,
) -> BoxedImages:
    """Check what a reader found, and put it into tensors.

    Args:
        found: The images with their objects.
        class_names: The classes there are.
        faults: Where faults go.
        in_pixels: Whether sizes and boxes are pixels, not shares of the image.
        split: Whose images these are; those to train on need an object.
        labelled: Whether anyone knows the objects.

    Raises:
        UserError: A fault, or no image or object is left.
    """
    found = list(found)
    if in_pixels:
        _refuse_shares(found)
    numbers = {name: number for number, name in enumerate(class_names)}
    files: list[Path] = []
    rows: list[list[Row]] = []
    sizes: list[tuple[float, float]] = []
    for image in found:
        if image.fault is None and not image.file.is_file():
            faults.of(image, f"{faults.source}: the image {shown(image.file)} is not there")
        size = known_size(image, faults) if image.fault is None else None
        objects = checked(image, size, numbers, in_pixels, faults) if size else []
        if image.fault is not None or size is None:
            faults.notes.add(LEFT_OUT, str(image.fault))
            continue
        files.append(image.file)
        rows.append(objects)
        sizes.append(size)
    if not files:
        raise UserError(f"{faults.source}: no image is left, expected at least one{_why(faults)}")
    if split == "train" and not any(rows):
        raise UserError(f"{faults.source}: no object is left to train on{_why(faults)}")
    seen = {number for row in rows for number, _ in row}
    for number, name in enumerate(class_names) if split == "train" else ():
        if number not in seen:
            faults.notes.add(UNUSED, name)
    if split == "train":
        faults.notes.add_alike(class_names)
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
        notes=faults.notes,
        labelled=labelled,
    )


def together(splits: dict[str, BoxedImages]) -> dict[str, BoxedImages]:
    """The images of every split grey or RGB as those to train on are; says which are among them."""
    channels, training = splits["train"].channels, set(splits["train"].names)
    for split, images in splits.items():
        both = [name for name in images.names if split != "train" and name in training]
        if both:
            images.notes.add(SHARED, both[0], len(both))
    return {split: replace(images, channels=channels) for split, images in splits.items()}


def _refuse_shares(found: list[FoundImage]) -> None:
    """See that boxes are not shares of their images where pixels are expected.

    Raises:
        UserError: All of them lie within the first pixel.
    """
    objects = [one for image in found for one in image.objects]
    if objects and all(max(map(abs, one.box)) <= 1 for one in objects):
        raise UserError(
            f"{objects[0].place}: {said(objects[0].box)} and all others are within one pixel, as "
            "shares of an image are; expected pixels"
        )


def known_size(image: FoundImage, faults: Faults) -> tuple[float, float] | None:
    """Height and width as the annotations have them, else the file; None: the image's fault."""
    if image.size is not None and min(image.size) > 0:
        return image.size
    try:
        size = size_of(image.file)
    except DataError as error:
        if faults.on_error == "raise":
            raise
        image.fault = str(error)
        return None
    faults.notes.add(NO_SIZE, shown(image.file))
    return size


def _why(faults: Faults) -> str:
    """What was left out, where that may be the reason."""
    lines = "; ".join(faults.notes.lines())
    return f" ({lines})" if lines else ""


def _padded(rows: list[list[Row]]) -> tuple[Tensor, Tensor]:
    """Boxes and class numbers, rows filled up to the longest."""
    most = max([1, *map(len, rows)])
    boxes = np.zeros((len(rows), most, 4), dtype=np.float32)
    labels = np.full((len(rows), most), -1, dtype=np.int64)
    for number, row in enumerate(rows):
        for place, (label, box) in enumerate(row):
            boxes[number, place], labels[number, place] = box, label
    return torch.from_numpy(boxes), torch.from_numpy(labels)
