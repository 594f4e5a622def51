"""What becomes of an object's box: kept, clipped at the edge, dropped, or refused.

Template's file: updates replace it. To be stricter or more lenient, write a reader in data.py.
"""

import math
from collections.abc import Sequence

from ...spelling import did_you_mean, nearest
from ..errors import DataError
from .found import Box, Faults, FoundImage, FoundObject, Row, size_of

SHARE, PIXELS = 0.01, 2.0  # of its image, that a box may reach over an edge
UNSEEN = 1e-4  # of the image: what rounding does, too little to speak of
EMPTY = "boxes have no width or no height: dropped"
CLIPPED = "boxes reach over their image's edge by at most 1 % or 2 pixels: clipped"
TWICE = "boxes are said twice, with the same class: one kept"


def checked(
    image: FoundImage,
    size: tuple[float, float],
    numbers: dict[str, int],
    in_pixels: bool,
    faults: Faults,
) -> list[Row]:
    """Class number and box of each object; one that cannot be used is the image's fault.

    Args:
        image: What was found.
        size: Its height and width, in the units of the boxes.
        numbers: The classes there are.
        in_pixels: Whether those units are pixels.
        faults: Where faults go, and what was dropped or clipped.
    """
    rows: dict[Row, None] = {}
    for one in image.objects:
        if wrong := _unusable(one, numbers, in_pixels):
            faults.of(image, f"{one.place}: {wrong}")
            return []
        left, top, right, bottom = one.box
        if right <= left or bottom <= top:
            faults.notes.add(EMPTY, one.place)
            continue
        inside = _clipped(one, image, size, in_pixels, faults)
        if inside is None:
            return []
        row = numbers[one.class_name], inside
        if row in rows:
            faults.notes.add(TWICE, one.place)
        rows[row] = None
    return list(rows)


def in_shares(numbers: Sequence[float]) -> bool:
    """Whether all lie within the first pixel, and some are broken, as shares of an image are."""
    return max(map(abs, numbers)) <= 1 and not all(float(one).is_integer() for one in numbers)


def _unusable(one: FoundObject, numbers: dict[str, int], in_pixels: bool) -> str | None:
    """What is wrong with an object, whatever its image, and what was expected."""
    if one.class_name not in numbers:
        known = ", ".join(list(numbers)[:5]) + (", ..." if len(numbers) > 5 else "")
        hint = did_you_mean(nearest(one.class_name, numbers))
        return f"the class {one.class_name} is unknown, expected one of {known}{hint}"
    if not all(math.isfinite(side) for side in one.box):
        return f"{said(one.box)} is not finite, expected four numbers"
    if in_pixels and in_shares(one.box):
        return f"{said(one.box)} is within one pixel, as shares of an image are; expected pixels"
    return None


def _clipped(
    one: FoundObject,
    image: FoundImage,
    size: tuple[float, float],
    in_pixels: bool,
    faults: Faults,
) -> Box | None:
    """The part of a box inside its image; None if too much of it is outside."""
    height, width = size
    left, top, right, bottom = one.box
    inside = max(left, 0.0), max(top, 0.0), min(right, width), min(bottom, height)
    over_x = max(-left, right - width) / width
    over_y = max(-top, bottom - height) / height
    if max(over_x, over_y) <= UNSEEN:
        return inside
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        faults.of(image, f"{one.place}: {said(one.box)} lies beyond its image{_sized(size)}")
        return None
    if max(over_x, over_y) > SHARE:
        try:
            pixels = size if in_pixels else size_of(image.file)
        except DataError as error:
            faults.of(image, str(error))
            return None
        if _too_far(over_x, pixels[1]) or _too_far(over_y, pixels[0]):
            faults.of(image, f"{one.place}: {said(one.box)} reaches out of its image{_sized(size)}")
            return None
    faults.notes.add(CLIPPED, one.place)
    return inside


def _too_far(over: float, pixels: float) -> bool:
    return over > SHARE and over * pixels > PIXELS + UNSEEN


def said(box: Box) -> str:
    left, top, right, bottom = box
    return f"the box from ({left:g}, {top:g}) to ({right:g}, {bottom:g})"


def _sized(size: tuple[float, float]) -> str:
    return f", which is {size[1]:g} wide and {size[0]:g} high"
