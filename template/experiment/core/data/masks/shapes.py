"""Objects as polygons or run lengths, and the mask that they make.

Template's file: updates replace it. To draw otherwise, write a reader in data.py.

A pixel belongs to a polygon if its centre lies inside: a line from it to the left edge crosses the
polygon's sides an odd number of times. The parts of one object are drawn together. Where objects
overlap, the smaller one is on top, since the larger one would hide it whole; groups of objects
(COCO's ``iscrowd``) lie under all others, and do not count.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...files import shown
from ..errors import DataError
from ..images.files import UNREADABLE, open_file, unreadable
from ..images.values import ORIENTATION, TURNS
from .masked_images import IGNORED

POLYGON, RUNS, PACKED_RUNS = range(3)  # points; COCO's counts; the same as a text
SIDEWAYS = (5, 6, 7, 8)  # EXIF's turns after which height and width change places


@dataclass
class Shape:
    """An object, or a group of them.

    Args:
        number: Its class number, or ``IGNORED``.
        kind: What its parts are.
        parts: Numbers of each part: x and y by turns; counts; the text's bytes.
        row: Of its annotation.
    """

    number: int
    kind: int
    parts: Sequence[Sequence[float] | bytes]
    row: int


@dataclass(frozen=True)
class Shapes:
    """The objects of many images in a few arrays, which worker processes share.

    Args:
        values: The numbers of all parts, one after the other.
        ends: Where each part ends in them.
        objects: The object that each part belongs to.
        numbers: The class number of each object.
        kinds: What its parts are.
        rows: Of its annotation.
        ends_of_parts: Where each image's parts end.
    """

    values: NDArray[np.float32]
    ends: NDArray[np.int64]
    objects: NDArray[np.int64]
    numbers: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    rows: NDArray[np.int64]
    ends_of_parts: NDArray[np.int64]

    def of(self, image: int) -> list[Shape]:
        """The objects of an image."""
        first = int(self.ends_of_parts[image - 1]) if image else 0
        found: dict[int, list[NDArray[np.float32]]] = {}
        for part in range(first, int(self.ends_of_parts[image])):
            start = int(self.ends[part - 1]) if part else 0
            values = self.values[start : self.ends[part]]
            found.setdefault(int(self.objects[part]), []).append(values)
        return [
            Shape(int(self.numbers[o]), int(self.kinds[o]), [p.tolist() for p in p_s], self.rows[o])
            for o, p_s in found.items()
        ]


def store(images: Sequence[Sequence[Shape]]) -> Shapes:
    """The objects of each image, in a few arrays."""
    values, ends, objects, ends_of_parts = array("f"), array("q"), array("q"), array("q")
    every = [shape for shapes in images for shape in shapes]
    count = 0
    for shapes in images:
        for shape in shapes:
            for part in shape.parts:
                values.extend(part)
                ends.append(len(values))
                objects.append(count)
            count += 1
        ends_of_parts.append(len(ends))
    return Shapes(
        np.array(values, np.float32),
        np.array(ends, np.int64),
        np.array(objects, np.int64),
        np.array([shape.number for shape in every], np.uint8),
        np.array([shape.kind for shape in every], np.uint8),
        np.array([shape.row for shape in every], np.int64),
        np.array(ends_of_parts, np.int64),
    )


@dataclass(frozen=True)
class DrawnMasks:
    """Draws the mask of the image with a number.

    Args:
        paths: Of the images.
        shapes: Their objects.
        sizes: Height and width that the annotations speak of; 0: points are shares of both.
        source: What the annotations are called, for messages.
    """

    paths: list[str]
    shapes: Shapes
    sizes: NDArray[np.int64]
    source: str

    def __call__(self, index: int) -> Image.Image:
        try:
            with open_file(self.paths, index) as image:
                width, height = image.size
                note = int(image.getexif().get(ORIENTATION, 1))
        except DataError:
            raise
        except UNREADABLE as error:
            raise DataError(unreadable(shown(self.paths[index]), error)) from None
        seen = (width, height) if note in SIDEWAYS else (height, width)
        said = tuple(self.sizes[index].tolist())
        in_shares = said == (0, 0)
        if not in_shares and said not in (seen, (height, width)):
            raise DataError(
                f"{shown(self.paths[index])} is {seen[1]} x {seen[0]} pixels, its annotations are "
                f"for {said[1]} x {said[0]}: mend one of them, or set data.on_error=skip"
            )
        try:
            size = seen if in_shares or said == seen else (height, width)
            mask = draw(self.shapes.of(index), size, in_shares=in_shares)
        except ValueError as error:
            raise DataError(f"{self.source}: {error}: mend it, or set data.on_error=skip") from None
        turn = TURNS.get(note) if not in_shares and said != seen else None  # as the file holds it
        return mask if turn is None else mask.transpose(turn)


def draw(shapes: Sequence[Shape], size: tuple[int, int], *, in_shares: bool = False) -> Image.Image:
    """The mask that objects make: 0 where there is none.

    Args:
        shapes: The objects.
        size: Height and width.
        in_shares: Whether points are shares of both.

    Raises:
        ValueError: Run lengths are not those of an image of this size.
    """
    mask = np.zeros(size, np.uint8)
    drawn = [(shape.number, _inside(shape, size, in_shares)) for shape in shapes]
    # Groups first, then the largest; of two that are alike, the later one is on top.
    drawn.sort(key=lambda one: (one[0] != IGNORED, -int(one[1][2].sum())))
    for number, (top, left, inside) in drawn:
        mask[top : top + inside.shape[0], left : left + inside.shape[1]][inside] = number
    return Image.fromarray(mask)


def _inside(
    shape: Shape, size: tuple[int, int], in_shares: bool
) -> tuple[int, int, NDArray[np.bool_]]:
    """The pixels of an object in the box about it, and that box's first row and column."""
    if shape.kind == POLYGON:
        scale = size[::-1] if in_shares else 1
        parts = [np.array(part, np.float64).reshape(-1, 2) * scale for part in shape.parts]
        points = np.concatenate(parts)
        left, top = np.floor(points.min(axis=0)).clip(0, size[::-1]).astype(int).tolist()
        right, bottom = np.ceil(points.max(axis=0)).clip(0, size[::-1]).astype(int).tolist()
        inside = np.zeros((bottom - top, right - left), np.bool_)
        for part in parts:
            fill(inside, part - (left, top))
        return top, left, inside
    numbers = [int(value) for value in shape.parts[0]]
    try:
        counts = unpack(bytes(numbers)) if shape.kind == PACKED_RUNS else numbers
        return 0, 0, from_runs(counts, size)
    except ValueError as error:
        raise ValueError(f"annotations[{shape.row}] has run lengths {error}") from None


def fill(mask: NDArray[np.bool_], points: NDArray[np.float64]) -> None:
    """Set the pixels whose centres lie inside a polygon.

    Args:
        mask: Changed in place.
        points: x and y of each corner; 0, 0 is the top left corner of the first pixel.
    """
    height, width = mask.shape
    (left, top), (right, bottom) = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
    left, right = int(np.clip(left, 0, width)), int(np.clip(right, 0, width))
    top, bottom = int(np.clip(top, 0, height)), int(np.clip(bottom, 0, height))
    if left >= right or top >= bottom:
        return
    rows = np.arange(top, bottom) + 0.5
    (x, y), (next_x, next_y) = points.T, np.roll(points, -1, axis=0).T
    row, side = np.nonzero((y <= rows[:, None]) != (next_y <= rows[:, None]))
    slope = (next_x[side] - x[side]) / (next_y[side] - y[side])
    crossing = x[side] + (rows[row] - y[side]) * slope
    column = np.ceil(crossing - 0.5).clip(left, right).astype(np.int64) - left
    crossings = np.zeros((bottom - top, right - left + 1), np.int32)
    np.add.at(crossings, (row, column), 1)
    mask[top:bottom, left:right] |= crossings.cumsum(axis=1)[:, :-1] % 2 == 1


def from_runs(counts: Sequence[int], size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask from COCO's run lengths: off and on by turns, column by column.

    Raises:
        ValueError: They are not those of an image of this size.
    """
    if min(counts, default=0) < 0 or sum(counts) != size[0] * size[1]:
        raise ValueError(f"of {sum(counts)} pixels, expected {size[1]} x {size[0]}")
    inside = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return inside.reshape(size[1], size[0]).T


def unpack(text: bytes) -> list[int]:
    """COCO's run lengths from their text: five bits a letter, the third on as differences.

    Raises:
        ValueError: It is no such text.
    """
    counts: list[int] = []
    value = place = 0
    for letter in text:
        bits = letter - 48
        if not 0 <= bits < 64:
            raise ValueError("that are no text of COCO's")
        value |= (bits & 31) << 5 * place
        place += 1
        if bits & 32:
            continue
        if bits & 16:
            value |= -1 << 5 * place
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = place = 0
    if place:
        raise ValueError("that are cut short")
    return counts
