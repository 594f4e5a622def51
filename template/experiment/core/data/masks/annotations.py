"""From polygons as a reader found them to images with masks.

Template's file: updates replace it. To read another format, write a reader in data.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ...config.data import MaskDataConfig
from ...errors import UserError
from ...files import shown
from ..boxes.annotations import known_size
from ..boxes.checks import in_shares
from ..boxes.found import Faults, FoundImage
from ..images.files import common_channels, open_file
from ..images.find_range import deep_files
from .masked_images import IGNORED, MaskedImages
from .shapes import POLYGON, DrawnMasks, Shape, store

BACKGROUND = "background"
SHARED = "images are for training, too"
LEFT_OUT = "images have an annotation that cannot be used: left out"
EMPTY = "images have no object: all background"
UNUSED = "classes have no object to train on"
CLASSES = "classes are the file's, numbered from 1: 0 is background, where there is no object"


def class_numbers(names: Sequence[str], config: MaskDataConfig) -> tuple[list[str], dict[str, int]]:
    """The classes with a background, and the number of each name, ``IGNORED`` of some.

    Raises:
        UserError: There are too many, or settings are stated that only masks in files have.
    """
    for setting in ("class_names", "class_values", "colors", "ignore_values"):
        if getattr(config, setting) is not None:
            raise UserError(
                f"data.{setting} is for masks that are pictures: here are polygons, with classes "
                f"{', '.join(names[:5])}; set it to null"
            )
    ignored = set(config.ignore_classes or ())
    if unknown := ignored - set(names):
        raise UserError(
            f"data.ignore_classes has {min(unknown)}, which is no class of {', '.join(names[:8])}"
        )
    ground = [name for name in names if name.lower().strip("_") == BACKGROUND]
    counted = [ground[0] if ground else BACKGROUND]
    counted += [name for name in names if name not in (*ground, *ignored)]
    if not 2 <= len(counted) <= IGNORED:
        raise UserError(
            f"there are {len(counted)} classes with background, expected 2 to {IGNORED}"
        )
    numbers = {name: counted.index(name) if name in counted else IGNORED for name in names}
    return counted, {**numbers, **dict.fromkeys(ground, 0), **dict.fromkeys(ignored, IGNORED)}


def gather(
    found: Sequence[tuple[FoundImage, Sequence[Shape]]],
    class_names: list[str],
    faults: Faults,
    split: str,
    *,
    in_pixels: bool = True,
    labelled: bool = True,
) -> MaskedImages:
    """The images that can be used, with their objects in a few arrays.

    Args:
        found: The images, and the objects of each.
        class_names: By class number.
        faults: Where faults go.
        split: Whose images these are; those to train on need an object.
        in_pixels: Whether points are pixels, not shares of the image.
        labelled: Whether anyone knows the objects.

    Raises:
        UserError: No image or object is left.
    """
    if in_pixels:
        _refuse_shares(found, faults)
    kept = []
    for image, shapes in found:
        if image.fault is None and not image.file.is_file():
            faults.of(image, f"{faults.source}: the image {shown(image.file)} is not there")
        if image.fault is None and in_pixels:
            image.size = known_size(image, faults)
            _refuse_points(image, shapes, faults)
        if image.fault is not None:
            faults.notes.add(LEFT_OUT, image.fault)
            continue
        kept.append((image, shapes))
        if labelled and not shapes:
            faults.notes.add(EMPTY, shown(image.file))
    if not kept:
        raise UserError(f"{faults.source}: no image is left, expected at least one")
    if split == "train":
        _note_unused(kept, class_names, faults)
        faults.notes.add_alike(class_names)
    paths = [str(image.file) for image, _ in kept]
    sizes = np.array([(in_pixels and image.size) or (0, 0) for image, _ in kept]).astype(np.int64)
    drawn = DrawnMasks(paths, store([shapes for _, shapes in kept]), sizes, faults.source)
    opened = partial(open_file, paths)
    return MaskedImages(
        class_names,
        opened,
        drawn if labelled else None,
        common_channels(len(paths), opened),
        names=[shown(path) for path in paths],
        notes=faults.notes,
        maybe_deep=partial(deep_files, paths),
    )


def is_beyond(points: Sequence[float], size: Sequence[float]) -> bool:
    """Whether all of a polygon lies on one side of its image, of this height and width."""
    across, down = points[0::2], points[1::2]
    height, width = size
    return max(across) <= 0 or max(down) <= 0 or min(across) >= width or min(down) >= height


def _refuse_points(image: FoundImage, shapes: Sequence[Shape], faults: Faults) -> None:
    """Have polygons be the image's fault that lie beyond it, or are shares of it."""
    for shape in shapes if image.size is not None else ():
        parts = shape.parts if shape.kind == POLYGON else ()
        if parts and all(is_beyond(part, image.size or (0, 0)) for part in parts):
            faults.of(
                image,
                f"{faults.source}: annotations[{shape.row}] lies beyond its image "
                f"{shown(image.file)}: expected points in its pixels",
            )
            return
        if parts and all(in_shares(part) for part in parts):
            faults.of(
                image,
                f"{faults.source}: annotations[{shape.row}] has points from 0 to 1, as shares of "
                f"an image are: expected points in the pixels of {shown(image.file)}",
            )
            return


def _refuse_shares(found: Sequence[tuple[FoundImage, Sequence[Shape]]], faults: Faults) -> None:
    """See that points are not shares of their images where pixels are expected.

    Raises:
        UserError: All are from 0 to 1.
    """
    polygons = [s for _, shapes in found for s in shapes if s.kind == POLYGON]
    if polygons and all(max(part) <= 1 for shape in polygons for part in shape.parts):
        raise UserError(
            f"{faults.source}: the points of all {len(polygons)} polygons are from 0 to 1, as "
            "shares of an image are; expected pixels"
        )


def together(splits: dict[str, MaskedImages]) -> dict[str, MaskedImages]:
    """The images of every split grey or RGB as those to train on are; says which are among them."""
    channels, training = splits["train"].channels, set(splits["train"].names)
    for split, images in splits.items():
        both = [name for name in images.names if split != "train" and name in training]
        if both:
            images.notes.add(SHARED, both[0], len(both))
    return {split: replace(images, channels=channels) for split, images in splits.items()}


def _note_unused(
    kept: Sequence[tuple[FoundImage, Sequence[Shape]]], class_names: list[str], faults: Faults
) -> None:
    used = {shape.number for _, shapes in kept for shape in shapes}
    if not used - {IGNORED, 0}:
        raise UserError(f"{faults.source}: no object is left to train on")
    for number, name in enumerate(class_names):
        if number and number not in used:
            faults.notes.add(UNUSED, name)
    names: Mapping[int, str] = dict(enumerate(class_names))
    faults.notes.add(CLASSES, ", ".join(names[n] for n in sorted(used - {IGNORED}) if n)[:60])
