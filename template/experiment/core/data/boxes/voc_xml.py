"""An XML file of VOC's format: the image it is about, its size, and its objects.

Template's file: updates replace it. To read another format, write a reader in data.py.

Objects that are marked as difficult are left out; in VOC's own evaluation, finding one counts
neither way, here it counts as a mistake.
"""

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from ...files import shown
from ..notes import Notes
from .checks import in_shares
from .found import Box, FoundObject

XML = "expected VOC's size (width, height) and object (name, bndbox)"
DIFFICULT = "objects are marked as difficult: passed over"
POLYGONS = "objects are polygons or turned boxes: the upright box about each was taken"
SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass
class Annotation:
    """What a file says.

    Args:
        names: What it calls its image: its ``filename``, and the end of its ``path``.
        size: Height and width; None where they are missing or 0.
        objects: Boxes as they stand, with their last pixels.
    """

    names: list[str]
    size: tuple[float, float] | None
    objects: list[FoundObject]


def read(file: Path, notes: Notes) -> Annotation:
    """What a file says of its image.

    Raises:
        ValueError: It is no XML, or something in it is missing; its message says what.
    """
    try:
        tree = ElementTree.parse(file).getroot()
    except (ParseError, OSError, LookupError) as error:  # LookupError: of an unknown encoding
        raise ValueError(str(error)) from None
    objects = []
    for number, one in enumerate(tree.findall("object"), start=1):
        place = f"{shown(file)}: object {number}"
        if one.findtext("difficult", "0").strip() == "1":
            notes.add(DIFFICULT, place)
        else:
            objects.append(FoundObject(_text(one, "name"), _box(one, place, notes), place))
    paths = (tree.findtext("filename"), tree.findtext("path"))
    names = [path.strip() for path in paths if path and path.strip()]
    return Annotation(names, _size(tree), objects)


def from_zero(annotation: Annotation, first: int) -> Annotation:
    """With boxes as ours are, whose last pixel is not counted.

    Args:
        annotation: As it stands.
        first: The number of the first pixel: 1 in VOC, whose last ones belong to the box.
    """
    for one in annotation.objects:
        if in_shares(one.box):  # which checks.py refuses as it stands
            continue
        left, top, right, bottom = one.box
        one.box = left - first, top - first, right, bottom
    return annotation


def _size(tree: Element) -> tuple[float, float] | None:
    height, width = (float(tree.findtext(f"size/{side}") or 0) for side in ("height", "width"))
    return (height, width) if min(height, width) > 0 else None


def _box(one: Element, place: str, notes: Notes) -> Box:
    if one.find("bndbox") is not None:
        left, top, right, bottom = (float(_text(one, f"bndbox/{side}")) for side in SIDES)
        return left, top, right, bottom
    points = list(_polygon(one)) if one.find("polygon") is not None else list(_turned(one))
    if len(points) < 3:
        raise ValueError(f"no bndbox, and {len(points)} points of a polygon")
    notes.add(POLYGONS, place)
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def _polygon(one: Element) -> Iterator[tuple[float, float]]:
    """``x1, y1, x2, ...`` as Roboflow writes them, or a ``pt`` with x and y each, as LabelMe."""
    number = 1
    while one.find(f"polygon/x{number}") is not None:
        yield float(_text(one, f"polygon/x{number}")), float(_text(one, f"polygon/y{number}"))
        number += 1
    for point in one.findall("polygon/pt"):
        yield float(_text(point, "x")), float(_text(point, "y"))


def _turned(one: Element) -> Iterator[tuple[float, float]]:
    """The corners of roLabelImg's box: its centre, its size, and an angle."""
    if one.find("robndbox") is None:
        raise ValueError("no bndbox")
    x, y, width, height, angle = (
        float(_text(one, f"robndbox/{name}")) for name in ("cx", "cy", "w", "h", "angle")
    )
    for right, down in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        across, along = right * width / 2, down * height / 2
        yield (
            x + across * math.cos(angle) - along * math.sin(angle),
            y + across * math.sin(angle) + along * math.cos(angle),
        )


def _text(element: Element, path: str) -> str:
    text = element.findtext(path)
    if text is None or not text.strip():
        raise ValueError(f"no {path}")
    return text.strip()
