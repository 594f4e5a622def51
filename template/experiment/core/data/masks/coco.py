"""Masks in COCO's format: polygons or run lengths for each object (cocodataset.org/#format-data).

Template's file: updates replace it. To read another layout, write a reader in data.py. Files lie as
``core/data/boxes/coco.py`` says. Class 0 is the background, where no object is; groups of objects
(``iscrowd``) do not count.
"""

import math
from pathlib import Path
from typing import Any

from ...config.data import MaskDataConfig
from ...errors import UserError
from ...files import shown
from ..boxes.coco import LAYOUT, UNLISTED, class_names
from ..boxes.coco_files import split_files
from ..boxes.coco_images import listed_images
from ..boxes.coco_json import categories, is_crowd, matched, read, whole
from ..boxes.found import Faults, FoundImage
from ..boxes.tree import Tree
from ..notes import Notes
from .annotations import class_numbers, gather, together
from .masked_images import IGNORED, MaskedImages
from .shapes import PACKED_RUNS, POLYGON, RUNS, Shape

CROWDS = "annotations are groups of objects (iscrowd): their pixels do not count"
WANTED = "expected segmentation: polygons of three points or more, or run lengths"
BOXES = "; its bbox says nothing of pixels: is it data for task=object_detection?"


def load(config: MaskDataConfig, tree: Tree) -> dict[str, MaskedImages]:
    """The images of a folder by split: only "train" where there is one file.

    Raises:
        UserError: No such file, a file in another format, or (unless skipped) an annotation that
            cannot be used.
    """
    files = split_files(tree, config.splits)
    if not files:
        raise UserError(f"data.root: {tree.place} holds no annotations; expected {LAYOUT}")
    contents = {split: read(file, split) for split, file in files.items()}
    names, numbers = class_numbers(class_names(contents, files, tree.notes), config)
    used: set[str] = set()
    splits = {
        split: _convert(contents[split], files[split], tree, names, numbers, split, config, used)
        for split in files
    }
    for path in tree.images:
        if path not in used:
            tree.notes.add(UNLISTED, shown(path))
    splits["train"].notes.update(tree.notes)
    return together(splits)


def _convert(
    content: dict[str, Any],
    file: Path,
    tree: Tree,
    names: list[str],
    numbers: dict[str, int],
    split: str,
    config: MaskDataConfig,
    used: set[str],
) -> MaskedImages:
    faults = Faults(config.on_error, shown(file), Notes(shown(file)))
    images, ids = listed_images(content, file, tree, split, faults)
    used.update(str(image.file) for image in images)
    found: dict[int, list[Shape]] = {id(image): [] for image in images}
    of_file = categories(content, file)
    for row, place, one, image in matched(content, ids, faults):
        if image.fault is None:
            shape = _shape(row, place, one, image, of_file, numbers, faults)
            found[id(image)] += [shape] if shape is not None else []
    labelled = split != "test" or bool(content["annotations"])
    pairs = [(image, found[id(image)]) for image in images]
    return gather(pairs, names, faults, split, labelled=labelled)


def _shape(
    row: int,
    place: str,
    one: dict[str, Any],
    image: FoundImage,
    of_file: dict[int, str],
    numbers: dict[str, int],
    faults: Faults,
) -> Shape | None:
    """The object of an annotation; None if it is the image's fault."""
    try:
        name = of_file[whole(one["category_id"])]
        number = numbers[name]
    except (KeyError, TypeError, ValueError):
        known = ", ".join(list(numbers)[:5])
        category = one.get("category_id")
        faults.of(image, f"{place} has the category_id {category}, expected that of one of {known}")
        return None
    if is_crowd(one):
        faults.notes.add(CROWDS, place)
        number = IGNORED
    try:
        kind, parts = _parts(one.get("segmentation"), image)
    except (KeyError, TypeError, ValueError) as error:
        why = f" ({error})" if isinstance(error, ValueError) and str(error) else ""
        hint = BOXES if one.get("bbox") and not one.get("segmentation") else ""
        faults.of(image, f"{place} has no outline{why}, {WANTED}{hint}")
        return None
    return Shape(number, kind, parts, row)


def _parts(found: Any, image: FoundImage) -> tuple[int, list[list[float] | bytes]]:
    """What a segmentation is, and its numbers.

    Raises:
        KeyError: Something is missing.
        TypeError: It is of another kind.
        ValueError: Its numbers cannot be used.
    """
    if isinstance(found, dict):
        return _runs(found, image)
    if not isinstance(found, list) or not found:
        raise TypeError
    parts = found if isinstance(found[0], list) else [found]
    numbers: list[list[float] | bytes] = []
    for part in parts:
        points = [float(value) for value in part]
        if len(points) < 6 or len(points) % 2:
            raise ValueError(f"{len(points)} numbers")
        if not all(map(math.isfinite, points)):
            raise ValueError("numbers that are not finite")
        numbers.append(points)
    return POLYGON, numbers


def _runs(found: dict[str, Any], image: FoundImage) -> tuple[int, list[list[float] | bytes]]:
    height, width = (int(side) for side in found["size"])
    if image.size is not None and (height, width) != tuple(map(int, image.size)):
        said = f"{int(image.size[1])} x {int(image.size[0])}"
        raise ValueError(f"run lengths for {width} x {height} pixels, its image is {said}")
    counts = found["counts"]
    image.size = image.size or (float(height), float(width))
    if isinstance(counts, str):
        return PACKED_RUNS, [counts.encode("ascii")]
    return RUNS, [[float(count) for count in counts]]
