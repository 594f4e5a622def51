"""Masks in YOLO's format: a text file an image, a row a polygon (docs.ultralytics.com/datasets).

Template's file: updates replace it. To read another layout, write a reader in data.py. Files lie as
``core/data/boxes/yolo.py`` says. A row is a class, then x and y of three points or more as shares
of the image's width and height. Class 0 is the background, where no object is.
"""

import math
from collections.abc import Sequence

from ...config.data import MaskDataConfig
from ..boxes.found import Faults, FoundImage
from ..boxes.tree import Tree
from ..boxes.yolo import read_labels
from ..boxes.yolo_rows import SHARE, LabelRow
from .annotations import class_numbers, gather, is_beyond, together
from .masked_images import MaskedImages
from .shapes import POLYGON, Shape

ROW = "expected class, x1, y1, x2, y2, x3, y3, ... from 0 to 1"


def load(config: MaskDataConfig, tree: Tree) -> dict[str, MaskedImages]:
    """The images of a folder by split: only "train" where there are no splits.

    Raises:
        UserError: No names, images or labels, or (unless skipped) a row that cannot be used.
    """
    told = read_labels(config, tree)
    names, numbers = class_numbers(told.names, config)
    splits = {}
    for split, found in told.found.items():
        faults = told.faults[split]
        shaped = [
            (image, _shapes(image, rows, told.names, numbers, faults)) for image, rows in found
        ]
        labelled = split == "train" or any(rows or image.fault for image, rows in found)
        splits[split] = gather(shaped, names, faults, split, in_pixels=False, labelled=labelled)
    splits["train"].notes.update(tree.notes)
    return together(splits)


def _shapes(
    image: FoundImage,
    rows: Sequence[LabelRow],
    names: Sequence[str],
    numbers: dict[str, int],
    faults: Faults,
) -> list[Shape]:
    shapes: list[Shape] = []
    for row in rows:
        if image.fault is not None:
            return []
        if wrong := _wrong(row, names):
            faults.of(image, f"{row.place}: {row.text} {wrong}, {ROW}")
            return []
        shapes.append(Shape(numbers[names[row.label]], POLYGON, [row.numbers], 0))
    return shapes


def _wrong(row: LabelRow, names: Sequence[str]) -> str | None:
    """What is wrong with a row."""
    count = len(row.numbers)
    if count == 4:
        return "is a box, which says nothing of pixels"
    if count < 6 or count % 2:
        return f"has {count} numbers after its class"
    if not 0 <= row.label < len(names):
        return f"has the class {row.label}, and there are {len(names)}"
    if not all(map(math.isfinite, row.numbers)):
        return "has a number that is not finite"
    if max(map(abs, row.numbers)) > SHARE:
        return "is in pixels"
    if is_beyond(row.numbers, (1, 1)):
        return "lies beyond its image"
    return None
