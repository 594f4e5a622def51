"""Clean images with boxes or masks, and faults of these, by code apart from what finds them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import planted
from PIL import Image, ImageDraw
from planted import CLASSES, Examples, Random

Label = list[tuple[str, list[float]]]  # a class, and left, top, right, bottom
LEAST, MOST = 16, 28  # pixels of an object's sides


def boxed(count: int, seed: int) -> Examples:
    """Images of one to three objects, which may hide each other, with a box about each."""
    random = np.random.default_rng(seed)
    items, labels = [], []
    for _ in range(count):
        shown = planted.image(random)
        labels.append([_object(shown, random) for _ in range(int(random.integers(1, 4)))])
        items.append(planted.saved(shown))
    return Examples(items, labels)


def _object(shown: Any, random: Random) -> tuple[str, list[float]]:
    """Draw an object; returns its class and box."""
    number = int(random.integers(len(CLASSES)))
    width, height = (int(side) for side in random.integers(LEAST, MOST, 2))
    left, top = (
        int(random.integers(0, length - side))
        for length, side in zip(shown.size, (width, height), strict=True)
    )
    colour = tuple(random.integers(20, 235, 3).tolist())
    draw, box = ImageDraw.Draw(shown), (left, top, left + width, top + height)
    (draw.ellipse if number == 0 else draw.rectangle)(box, fill=colour)
    return CLASSES[number], [float(edge) for edge in box]


def masked(count: int, seed: int) -> Examples:
    """The same objects, each by the pixels of its class; 0 is what lies around."""
    examples = boxed(count, seed)
    return Examples(examples.items, [_mask(*pair) for pair in _pairs(examples)])


def _pairs(examples: Examples) -> list[tuple[Any, Label]]:
    opened = map(planted.opened, examples.items)
    return list(zip(opened, examples.labels, strict=True))


def _mask(shown: Any, label: Label) -> Any:
    mask = Image.new("L", shown.size)
    for name, box in label:
        ImageDraw.Draw(mask).rectangle([int(edge) for edge in box], fill=1 + CLASSES.index(name))
    return mask


# --- faults of an image's boxes -------------------------------------------------------------------


def beyond(label: Label, size: tuple[int, int], random: Random) -> Label:
    """A box goes on past an edge of the image, by a twentieth of it and more."""
    (name, box), *rest = label
    side = int(random.integers(4))
    length = size[side % 2]
    out = length * random.uniform(0.05, 0.5)
    box = list(box)
    box[side] = -out if side < 2 else length + out
    return [(name, box), *rest]


def without_area(label: Label, size: tuple[int, int], random: Random) -> Label:
    """A box whose sides are one and the same, or nearly."""
    (name, box), *rest = label
    axis, box = int(random.integers(2)), list(box)
    box[axis + 2] = box[axis] + float(random.choice([0.0, 0.4]))
    return [(name, box), *rest]


def twice(label: Label, size: tuple[int, int], random: Random) -> Label:
    """A box that is there once more."""
    return [*label, label[int(random.integers(len(label)))]]


def tiny(label: Label, size: tuple[int, int], random: Random) -> Label:
    """A box of two pixels."""
    (name, (left, top, *_)), *rest = label
    return [(name, [left, top, left + 2, top + 2]), *rest]


# By the words that shall tell of it, what becomes of a label.
BOX_FAULTS: dict[str, Callable[[Label, tuple[int, int], Random], Label]] = {
    "a box beyond the edge": beyond,
    "a box without area": without_area,
    "the same box twice": twice,
    "an object below 3 pixels": tiny,
}


def relabelled(label: Any, random: Random) -> Any:
    """Another label: one box is of another class, or one class of a mask is."""
    if isinstance(label, list):
        (name, box), *rest = label
        return [(CLASSES[CLASSES.index(name) - 1], box), *rest]
    return label.point([0, 2, 3, 1, *range(4, 256)])


def resized(label: Any, item: Any, copy: Any) -> Any:
    """The label of an image's copy of another size; what is no box and no mask stays."""
    if isinstance(label, str):
        return label
    before, after = planted.opened(item).size, planted.opened(copy).size
    if not isinstance(label, list):
        return label.resize(after, Image.Resampling.NEAREST)
    limits = after * 2
    scales = [new / old for new, old in zip(limits, before * 2, strict=True)]
    return [
        (
            name,
            [min(side * scale, end) for side, scale, end in zip(box, scales, limits, strict=True)],
        )
        for name, box in label
    ]
