"""Boxes that lie outside of their image, have no area, or are there twice.

Template's file: updates replace it. As ultralytics checks its labels: outside by more than 1 % of
the image; of no area: less than one pixel wide or high; twice: the same class and corners.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence
from ..inspection import Finding
from ..reading import SplitRead

BEYOND = 0.01
ADVICE = "Mend the annotation, or leave the image out."
Box = tuple[str, NDArray[np.float64]]  # a name, and left, top, right, bottom as shares


def find(evidence: Evidence) -> Iterable[Finding]:
    splits = [split for split in evidence.of_kind("image") if has_boxes(split)]
    for what, is_faulty in (
        ("images have a box outside of them", _outside),
        ("images have a box without area", _without_area),
        ("images have the same box twice", _twice),
    ):
        marks = {}
        for split in splits:
            sizes, shares = _sizes(split), are_shares(split)
            marks[split.name] = np.array(
                [
                    is_faulty(boxes_of(split, place, shares), sizes[place])
                    for place in range(len(split))
                ],
                dtype=bool,
            )
        yield from evidence.odd("box_faults", what, ADVICE, marks, may_be_usual=False)


def has_boxes(split: SplitRead) -> bool:
    return any(isinstance(look.label, list) for look in split.looks)


def are_shares(split: SplitRead) -> bool:
    """Whether boxes are shares of the image: none reaches far beyond the first pixel."""
    most = [abs(edge) for look in split.looks for _, box in _objects(look.label) for edge in box]
    return bool(most) and max(most) <= 1 + BEYOND


def boxes_of(split: SplitRead, place: int, shares: bool) -> list[Box]:
    """The objects of an image, their corners in pixels of the file, as it is turned."""
    width, height = _sizes(split)[place]
    scale = np.array([width, height, width, height], float) if shares else 1.0
    objects = _objects(split.looks[place].label)
    return [(str(name), np.array(box, float) * scale) for name, box in objects]


def _objects(label: object) -> list[tuple[str, list[float]]]:
    return label if isinstance(label, list) else []


def _sizes(split: SplitRead) -> NDArray[np.float32]:
    """Width and height of each image, as it is seen, ``(examples, 2)``."""
    sizes = np.stack([split.numbers("width"), split.numbers("height")], axis=1)
    lying = split.numbers("turn") >= 5  # EXIF: turned by a quarter
    return np.where(lying[:, None], sizes[:, ::-1], sizes)


def _outside(boxes: list[Box], size: NDArray[np.float32]) -> bool:
    room = BEYOND * float(size.max())
    return any(
        min(box[:2]) < -room or box[2] > size[0] + room or box[3] > size[1] + room
        for _, box in boxes
    )


def _without_area(boxes: list[Box], size: NDArray[np.float32]) -> bool:
    return any(box[2] - box[0] < 1 or box[3] - box[1] < 1 for _, box in boxes)


def _twice(boxes: list[Box], size: NDArray[np.float32]) -> bool:
    corners = {(name, tuple(np.round(box, 1).tolist())) for name, box in boxes}
    return len(corners) < len(boxes)
