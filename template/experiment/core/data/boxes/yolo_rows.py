"""The rows of YOLO's text files: ``class x y width height``, and what else tools write there.

Template's file: updates replace it. To read another format, write a reader in data.py.

A row of a class and three points or more is a polygon (or, with four, a box that is turned), of
which the box about it is taken. A pose's row goes on after its box with the points of the body:
``kpt_shape`` in data.yaml says so, since the numbers alone could mean either.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...files import shown
from ..notes import Notes
from .found import Box, Faults, FoundImage, FoundObject

ROW = "expected class, x, y, width, height, the last four from 0 to 1"
WHOLE = "class numbers are written with a point, as 0.0: read as whole numbers"
POLYGONS = "rows are polygons: the box about each was taken"
POSES = "rows go on with the points of a body: their boxes were taken"
SHARE = 1.5  # more is no share of an image: a little more is a box that reaches over its edge


@dataclass
class LabelRow:
    """The numbers of a row, and where it stands."""

    place: str
    text: str
    label: int
    numbers: list[float]


def read_rows(image: FoundImage, file: Path, faults: Faults) -> list[LabelRow]:
    """The rows of a text file that can be understood; another is the image's fault."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        faults.of(image, f"{shown(file)} is not text in UTF-8, {ROW}")
        return []
    name, rows = shown(file), []
    for number, line in enumerate(lines, start=1):
        words, place = line.split(), f"{name}:{number}"
        if not words:
            continue
        text = repr(line.strip()[:40])
        try:
            label, numbers = float(words[0]), [float(word) for word in words[1:]]
        except ValueError:
            faults.of(image, f"{place}: {text} is no box, {ROW}")
            return []
        if not label.is_integer():
            faults.of(image, f"{place}: {text} has the class {words[0]}, expected a whole number")
            return []
        if not words[0].lstrip("+-").isdigit():
            faults.notes.add(WHOLE, place)
        rows.append(LabelRow(place, text, int(label), numbers))
    return rows


def body_points(settings: Sequence[dict[str, Any]], rows: Sequence[LabelRow]) -> int | None:
    """How many numbers follow a box that are points of a body; None: rows may be polygons.

    Args:
        settings: What the files with the names say.
        rows: All rows to train on.

    Raises:
        UserError: The rows can be read in both ways, and no file says which.
    """
    for one in settings:
        if "kpt_shape" in one:
            shape = one["kpt_shape"]
            return None if shape is None else math.prod(int(number) for number in shape)
    longer = [row for row in rows if len(row.numbers) > 4]
    lengths = {len(row.numbers) for row in longer}
    if len(lengths) == 1 and len(longer) > 1 and all(_may_be_pose(row.numbers) for row in longer):
        raise UserError(
            f"{longer[0].place}: {longer[0].text} can be read in two ways, as a polygon or as a "
            "box and points of a body in it, as can all rows: state the first by kpt_shape: null "
            "in data.yaml, the second by kpt_shape: [points, numbers for each]"
        )
    return None


def found_object(
    row: LabelRow, names: Sequence[str], points: int | None, image: FoundImage, faults: Faults
) -> FoundObject | None:
    """The object of a row; None if it is the image's fault."""
    numbers = row.numbers
    box = _box(numbers, points)
    if box is None:
        faults.of(image, f"{row.place}: {row.text} is no box{_hint(numbers)}, {ROW}")
        return None
    told = numbers if points is None else numbers[:4]
    if max(abs(number) for number in told) > SHARE:  # nan is refused later
        faults.of(image, f"{row.place}: {row.text} is in pixels{_hint(numbers)}, {ROW}")
        return None
    _count(numbers, points, faults.notes, row.place)
    name = names[row.label] if 0 <= row.label < len(names) else f"number {row.label}"
    return FoundObject(name, box, row.place)


def _box(numbers: Sequence[float], points: int | None) -> Box | None:
    if len(numbers) == 4 or (points is not None and len(numbers) == 4 + points):
        x, y, width, height = numbers[:4]
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    if points is None and len(numbers) >= 6 and len(numbers) % 2 == 0:
        if not all(math.isfinite(number) for number in numbers):
            return math.nan, math.nan, math.nan, math.nan
        across, down = numbers[::2], numbers[1::2]
        return min(across), min(down), max(across), max(down)
    return None


def _count(numbers: Sequence[float], points: int | None, notes: Notes, place: str) -> None:
    if len(numbers) > 4:
        notes.add(POLYGONS if points is None else POSES, place)


def _hint(numbers: Sequence[float]) -> str:
    """What a row of another length may be."""
    if len(numbers) == 5:
        return ", as it has six numbers: a prediction and its confidence"
    if len(numbers) > 6 and (len(numbers) - 4) % 3 == 0 and _are_seen(numbers):
        return ", or the points of a body follow: then data.yaml needs kpt_shape"
    return ""


def _are_seen(numbers: Sequence[float]) -> bool:
    """Whether every third number after a box may say how well a point of a body is seen."""
    return all(number in (0, 1, 2) for number in numbers[6::3])


def _may_be_pose(numbers: Sequence[float]) -> bool:
    """Whether all that follows four numbers lies in the box that these would be."""
    x, y, width, height = numbers[:4]

    def are_inside(step: int) -> bool:
        points = list(zip(numbers[4::step], numbers[5::step], strict=False))
        return (len(numbers) - 4) % step == 0 and all(
            (a == b == 0) or (abs(a - x) <= width / 2 and abs(b - y) <= height / 2)
            for a, b in points
        )

    return are_inside(2) or (are_inside(3) and _are_seen(numbers))
