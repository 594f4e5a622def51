"""Which class was taken for which, as a picture: a row a class, a column what it was taken for.

Template's file: updates replace it. A cell is the darker the greater its share of the row: right
ones in blue, mistakes in orange. Of many classes the cells are small, and without numbers.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .confusion import Confusion
from .drawing import INK, PAPER, draw, with_text

NAMED = 40  # classes; of more neither names nor numbers could be read
CELL, SMALL = 34, 12  # pixels of a cell with a number, and of one without
PAGE = 1200  # pixels that a picture without names is wide at most
RIGHT, WRONG, RULE = (31, 98, 142), (201, 74, 18), (222, 222, 218)
LETTERS = 14  # of a name
GAP = 8


@draw.register
def draw_confusion(confusion: Confusion) -> Image.Image:
    """The matrix with its names, or with cells alone where there are too many."""
    picture = _with_names(confusion) if len(confusion.names) <= NAMED else _cells(confusion)
    of = f"{confusion.title}: " if confusion.title else ""
    words = f"{of}{confusion.right:,} of {confusion.total:,} {confusion.counted} right"
    return with_text(picture, words)


def _cells(confusion: Confusion) -> Image.Image:
    """A square a pair of classes, as large as all of them leave room for."""
    colours = _colours(confusion)
    side = max(1, min(SMALL, PAGE // len(colours)))
    picture = Image.fromarray(colours)
    return picture.resize((side * picture.width, side * picture.height), Image.Resampling.NEAREST)


def _with_names(confusion: Confusion) -> Image.Image:
    count, colours = len(confusion.names), _colours(confusion)
    font, small = ImageFont.load_default(size=12), ImageFont.load_default(size=10)
    names = [
        name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…" for name in confusion.names
    ]
    margin = GAP + round(max(font.getlength(name) for name in names))
    left, top = margin + 20, margin + 20
    sheet = Image.new("RGB", (left + count * CELL + GAP, top + count * CELL + GAP), PAPER)
    pencil = ImageDraw.Draw(sheet)
    _turned(sheet, "true", (2, top + count * CELL // 2))
    pencil.text((left + count * CELL // 2, 9), "taken for", INK, font, "mm")
    for place, name in enumerate(names):
        middle = place * CELL + CELL // 2
        pencil.text((left - 5, top + middle), name, INK, font, "rm")
        _turned(sheet, name, (left + middle - 8, top - 4), at_end=True)
    for true in range(count):
        for taken in range(count):
            x, y = left + taken * CELL, top + true * CELL
            colour = tuple(colours[true, taken].tolist())
            pencil.rectangle((x, y, x + CELL, y + CELL), colour, RULE)
            words, ink = _number(confusion, true, taken), INK if sum(colour) > 380 else PAPER
            pencil.text((x + CELL / 2, y + CELL / 2), words, ink, small, "mm")
    return sheet


def _colours(confusion: Confusion) -> np.ndarray:
    """The colour of each cell, ``(classes, classes, 3)``."""
    counts = confusion.counts
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(counts), dtype=bool)[..., None]
    hue = np.where(right, np.array(RIGHT), np.array(WRONG))
    strength = np.where(shares > 0, 0.08 + 0.92 * shares, 0.0)[..., None]
    return np.round(255 + (hue - 255) * strength).astype(np.uint8)


def _number(confusion: Confusion, true: int, taken: int) -> str:
    """The count; of pixels, which are too many to be read, the share of the row in percent."""
    count = int(confusion.counts[true, taken])
    if not count:
        return ""
    if confusion.counts.max() < 10_000:
        return str(count)
    share = 100 * count / confusion.counts[true].sum()
    return f"{share:.0f}%" if share >= 1 else "<1%"


def _turned(sheet: Image.Image, words: str, place: tuple[int, int], at_end: bool = False) -> None:
    """Words from below upwards, around a place or ending above it."""
    font = ImageFont.load_default(size=12)
    width = max(1, round(font.getlength(words)) + 2)
    line = Image.new("RGB", (width, 16), PAPER)
    ImageDraw.Draw(line).text((1, 8), words, INK, font, "lm")
    turned = line.rotate(90, expand=True)
    sheet.paste(turned, (place[0], place[1] - (width if at_end else width // 2)))
