"""What stands in a file of COCO's format: categories, images' numbers, annotations.

Template's file: updates replace it. To read another format, write a reader in data.py.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...files import shown
from ..notes import Notes
from .coco_corners import refuse_corners
from .found import Box, Faults, FoundImage, FoundObject

EXPECTED = "expected COCO's images, annotations and categories"
CROWDS = "annotations are groups of objects in one box (iscrowd): passed over"
POLYGONS = "annotations have polygons and no bbox: the box about them was taken"
LOST = "annotations are of images that the file does not list: passed over"
SCORED = "annotations have a score, as predictions have: read as objects"
AS_TEXT = "images are numbered as text in one list, in numbers in another: matched"


def read(file: Path, split: str) -> dict[str, Any]:
    """The contents of a file of annotations; those of test images may lack all but the images.

    Raises:
        UserError: It is no JSON, or not COCO's.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise UserError(
            f"{shown(file)}:{error.lineno}: no JSON ({error.msg}), {EXPECTED}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{shown(file)} cannot be read ({error}), {EXPECTED}") from None
    if isinstance(content, dict) and split == "test":
        content = {"annotations": [], "categories": [], **content}
    lists = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not all(isinstance(content.get(k), list) for k in lists):
        raise UserError(f"{shown(file)} is JSON of another kind, {EXPECTED}")
    return content


def categories(content: dict[str, Any], file: Path) -> dict[int, str]:
    """The names of the classes by their numbers in the file.

    Raises:
        UserError: There is none, or a number or name occurs twice.
    """
    found: dict[int, str] = {}
    for row, category in enumerate(content["categories"]):
        try:
            number, name = whole(category["id"]), str(category["name"])
        except (KeyError, TypeError, ValueError):
            raise UserError(
                f"{shown(file)}: categories[{row}] is incomplete, expected id, a number, and name"
            ) from None
        if number in found or name in found.values():
            twice = name if name in found.values() else f"number {number}"
            raise UserError(f"{shown(file)} has the category {twice} twice, expected each once")
        found[number] = name
    if not found and content["annotations"]:
        raise UserError(f"{shown(file)} has no category, expected one or more")
    return found


class Ids:
    """Images by their numbers, which one list may have as text and another as numbers."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self._exact: dict[Any, FoundImage] = {}
        self._alike: dict[str, FoundImage | None] = {}

    def add(self, number: Any, image: FoundImage) -> FoundImage | None:
        """Returns the image that had the number already, if one had."""
        if number in self._exact:
            return self._exact[number]
        self._exact[number] = image
        text = _alike(number)
        self._alike[text] = None if text in self._alike else image
        return None

    def get(self, number: Any) -> FoundImage | None:
        """The image with a number, or with one that is written otherwise."""
        if number in self._exact:
            return self._exact[number]
        found = self._alike.get(_alike(number))
        if found is not None:
            self.notes.add(AS_TEXT, repr(number))
        return found


def annotated(content: dict[str, Any], ids: Ids, names: dict[int, str], faults: Faults) -> None:
    """Give each annotation of a file to its image.

    Raises:
        UserError: Boxes are corners, not sides.
    """
    refuse_corners(content["annotations"], faults.source)
    for _, place, one, image in matched(content, ids, faults):
        if is_crowd(one):
            faults.notes.add(CROWDS, place)
        elif image.fault is None:
            if "score" in one:
                faults.notes.add(SCORED, place)
            _add_object(one, image, names, place, faults)


def is_crowd(one: dict[str, Any]) -> bool:
    """Whether an annotation is of several objects at once."""
    return one.get("iscrowd") in (1, True, "1")


def matched(
    content: dict[str, Any], ids: Ids, faults: Faults
) -> Iterator[tuple[int, str, dict[str, Any], FoundImage]]:
    """The row of each annotation, where it stands, itself, and its image."""
    for row, one in enumerate(content["annotations"]):
        place = f"{faults.source}: annotations[{row}]"
        try:
            place += f" (id {one['id']})" if "id" in one else ""
            image = ids.get(one["image_id"])
        except (KeyError, TypeError):
            faults.add(LOST, f"{place} is incomplete, expected image_id, category_id, bbox")
            continue
        if image is None:
            missing = f"the image {one['image_id']}, which is missing from images"
            faults.add(LOST, f"{place} is of {missing}")
        else:
            yield row, place, one, image


def _add_object(
    one: dict[str, Any], image: FoundImage, names: dict[int, str], place: str, faults: Faults
) -> None:
    try:
        category = whole(one["category_id"])
        box = _box(one, place, faults.notes)
    except (KeyError, TypeError, ValueError):
        wanted = "expected image_id, category_id, bbox of 4 numbers"
        in_runs = isinstance(one.get("segmentation"), dict)
        hint = " (a mask in run lengths is not read)" if in_runs else ""
        faults.of(image, f"{place} is incomplete, {wanted}{hint}")
        return
    image.objects.append(FoundObject(names.get(category, str(category)), box, place))


def _box(one: dict[str, Any], place: str, notes: Notes) -> Box:
    """Its bbox, or the box about its polygons.

    Raises:
        KeyError: It has neither.
        TypeError: What it has is of another kind.
        ValueError: The same.
    """
    corner = one.get("bbox")
    if corner is None or corner == []:
        return _about(one["segmentation"], place, notes)
    left, top, width, height = _numbers(corner)
    return left, top, left + width, top + height


def _about(polygons: Any, place: str, notes: Notes) -> Box:
    if not isinstance(polygons, list) or not polygons:
        raise TypeError
    parts = polygons if isinstance(polygons[0], list) else [polygons]
    numbers = [number for part in parts for number in _numbers(part)]
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError
    notes.add(POLYGONS, place)
    return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])


def _numbers(values: Any) -> Sequence[float]:
    if not isinstance(values, (list, tuple)):
        raise TypeError
    return [float(value) for value in values]


def whole(number: Any) -> int:
    """A number that is one, be it written as text.

    Raises:
        TypeError: It is no number.
        ValueError: It is none, or not whole.
    """
    if isinstance(number, bool) or not float(number).is_integer():
        raise ValueError
    return int(float(number))


def _alike(number: Any) -> str:
    """``7``, ``7.0``, ``"7"`` and ``"007"`` alike."""
    text = str(number).strip()
    try:
        return str(int(text)) if text.lstrip("-").isdigit() else str(whole(number))
    except (TypeError, ValueError):
        return text
