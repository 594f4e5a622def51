"""Typed samples become pictures.

Template's file: updates replace it. To draw a sample type of your own: ``@draw.register`` in
data.py.
"""

import io
import math
import re
import warnings
from collections.abc import Sequence
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torchvision.transforms.v2 import functional

from ..data.masks.masked_images import IGNORED
from ..data.masks.pictures import BACKGROUND, class_colors, overlay
from ..data.samples import BoxSample, ImageSample, MaskSample, Sample, TextSample

TILE = 96  # pixels, the longer side that small images are enlarged to
MARGIN, INK, PAPER = 6, (40, 40, 40), (255, 255, 255)
TRUE, PREDICTED = (60, 220, 130), (255, 130, 30)  # boxes, seen on dark and on bright images
CONTINUED = (213, 94, 0)  # a text's words, on paper
LETTER = 11  # pixels, the height of a box's name
ROWS = 4  # of the names of classes below a mask
PAGE = 450  # pixels, the width of a text: 72 characters of the usual kind
LINES = 14  # of a text at most


@singledispatch
def draw(sample: object) -> Image.Image:
    """One sample as a picture: those below, and whatever has ``savefig``, as matplotlib's figures.

    Raises:
        TypeError: Nobody knows how.
    """
    if save := getattr(sample, "savefig", None) or getattr(_figure_of(sample), "savefig", None):
        page = io.BytesIO()
        save(page, format="png")
        return Image.open(page).convert("RGB")
    raise TypeError(f"no drawing is registered for {type(sample).__name__}: use @draw.register")


def _figure_of(sample: object) -> object:
    """The figure that matplotlib's axes are on, and a grid of seaborn's."""
    return getattr(sample, "figure", None)


@draw.register
def draw_picture(sample: Image.Image) -> Image.Image:
    """A picture of PIL's; what is transparent is paper."""
    if "A" in sample.getbands() or "transparency" in sample.info:
        sheet = Image.new("RGBA", sample.size, (*PAPER, 255))
        return Image.alpha_composite(sheet, sample.convert("RGBA")).convert("RGB")
    return sample.convert("RGB")


@draw.register(Tensor)
@draw.register(np.ndarray)
def draw_array(sample: Any) -> Image.Image:
    """Bytes, or floats from 0 to 1: ``(height, width)``, or with channels first or last.

    Raises:
        TypeError: It is no image.
    """
    values = torch.as_tensor(sample).detach().cpu()
    if values.dim() == 2:
        values = values[None]
    channels = (1, 3, 4)
    first = values.dim() == 3 and values.shape[0] in channels
    last = values.dim() == 3 and values.shape[-1] in channels
    if not (first or last) or not (values.dtype == torch.uint8 or values.is_floating_point()):
        raise TypeError(
            f"{tuple(values.shape)} of {values.dtype} is no image: it has one, three or four "
            "channels, first or last, of bytes or of floats from 0 to 1"
        )
    if last and (not first or not isinstance(sample, Tensor)):  # torch's come first, NumPy's last
        values = values.movedim(-1, 0)
    if values.is_floating_point():
        values = _in_range(values)
    if len(values) == 4:
        return draw_picture(functional.to_pil_image(functional.to_dtype(values, torch.uint8, True)))
    return _enlarged(values, TILE)[0]


def _in_range(values: Tensor) -> Tensor:
    low, high = values.min().item(), values.max().item()
    if not (low >= -0.01 and high <= 1.01):  # NaN is neither
        warnings.warn(
            f"an image has values from {low:.3g} to {high:.3g}: what is outside of 0 to 1 is cut",
            stacklevel=2,
        )
    return values.float().nan_to_num().clamp(0, 1)


@draw.register
def draw_image(sample: ImageSample) -> Image.Image:
    """The image, enlarged in whole steps so that pixels stay pixels, above its text."""
    return with_text(_enlarged(sample.image, TILE)[0], sample.text)


@draw.register
def draw_boxes(sample: BoxSample) -> Image.Image:
    """The image with its true boxes in green and the predicted ones in orange."""
    picture, times = _enlarged(sample.image, 2 * TILE)
    pencil, font = ImageDraw.Draw(picture), ImageFont.load_default(size=LETTER)
    for boxes, names, colour in (
        (sample.boxes, sample.names, TRUE),
        (sample.predicted_boxes, sample.predicted_names, PREDICTED),
    ):
        edges = (boxes * times).tolist()
        for (left, top, right, bottom), name in zip(edges, names or [""] * len(edges), strict=True):
            pencil.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), None, colour)
            # True names above their boxes, predicted ones below: so both can be read.
            above, below = max(top, LETTER), min(bottom, picture.height - LETTER)
            left = max(0, min(left, picture.width - font.getlength(str(name))))
            place, anchor = ((left, above), "lb") if colour == TRUE else ((left, below), "la")
            if name:
                pencil.rectangle(pencil.textbbox(place, str(name), font, anchor), INK)
            pencil.text(place, str(name), colour, font, anchor)
    return with_text(picture, sample.text)


@draw.register
def draw_mask(sample: MaskSample) -> Image.Image:
    """The image, beside it its classes in colour, then the predicted ones; below, their names."""
    masks = [mask for mask in (sample.mask, sample.predicted_mask) if mask is not None]
    plain, _ = _enlarged(sample.image, 2 * TILE)
    step = plain.width + MARGIN // 2
    sheet = Image.new("RGB", (plain.width + step * len(masks), plain.height), PAPER)
    sheet.paste(plain)
    for place, mask in enumerate(masks, start=1):
        drawn = overlay(sample.image, mask, sample.class_names)
        enlarged = drawn.resize(plain.size, Image.Resampling.NEAREST)
        sheet.paste(enlarged, (place * step, 0))
    return with_text(_with_legend(sheet, masks, sample.class_names), sample.text)


def _with_legend(
    picture: Image.Image, masks: Sequence[Tensor], names: Sequence[str]
) -> Image.Image:
    """The picture, and below it the name of each class of the masks on its colour."""
    there: list[int] = sorted({number for mask in masks for number in mask.unique().tolist()})
    called = {**dict(enumerate(names)), IGNORED: "not counted"}
    font, colors = ImageFont.load_default(size=LETTER), class_colors(names)
    spots, left, top = [], 0, picture.height + 1
    # A number that has no name is no class, and the background has no colour.
    shown = [n for n in there if called.get(n, BACKGROUND) != BACKGROUND]
    for number in shown:
        name = called[number]
        while font.getlength(name) + 8 > picture.width and len(name) > 1:
            name = name.removesuffix("…")[:-1] + "…"
        width = round(font.getlength(name)) + 8
        if left + width > picture.width:
            left, top = 0, top + 16
        if top > picture.height + 16 * ROWS:
            rest = f"and {len(shown) - len(spots) + 1} more"
            place = spots[-1][2]
            spots[-1] = (rest, colors[IGNORED], (*place[:2], picture.width - 1, place[3]))
            break
        spots.append((name, colors[number], (left, top, left + width - 1, top + 14)))
        left += width + 2
    sheet = Image.new("RGB", (picture.width, spots[-1][2][3] + 1 if spots else top), PAPER)
    sheet.paste(picture)
    pencil = ImageDraw.Draw(sheet)
    for name, color, box in spots:
        pencil.rectangle(box, (*color.tolist(),), INK if color.min() > 240 else None)
        middle = ((box[0] + box[2] + 1) / 2, box[1] + 7)
        pencil.text(middle, name, INK if color.mean() > 110 else PAPER, font, "mm")
    return sheet


@draw.register
def draw_text(sample: TextSample) -> Image.Image:
    """The text, and in another colour how it goes on."""
    font = ImageFont.load_default(size=12)
    spans = [(word, INK) for word in _words(sample.text)]
    spans += [(word, CONTINUED) for word in _words(sample.continuation)]
    sheet = Image.new("RGB", (PAGE + 2 * MARGIN, LINES * 16), PAPER)
    pencil = ImageDraw.Draw(sheet)
    x, row = 0.0, 0
    for word, colour in spans:
        length = font.getlength(word)
        if word == "\n" or (x and x + length > PAGE):
            x, row = 0.0, row + 1
        if row == LINES:
            break
        if word != "\n":
            pencil.text((x, row * 16), word, colour, font)
            x += length
    return sheet.crop((0, 0, PAGE + 2 * MARGIN, 16 * min(LINES, row + 1)))


def _words(text: str) -> list[str]:
    """Words with the spaces behind them, and line ends."""
    return re.findall(r"\n|[^\s]+ *| +", text.replace("\t", "    "))


def _enlarged(image: Tensor, size: int) -> tuple[Image.Image, int]:
    """The picture in colour, its longer side about ``size``, and how often it was enlarged."""
    image = image.detach().cpu()
    if image.is_floating_point():
        image = functional.to_dtype(image.clamp(0, 1), torch.uint8, scale=True)
    picture = functional.to_pil_image(image).convert("RGB")
    times = max(1, size // max(picture.size))
    width, height = picture.size
    return picture.resize((times * width, times * height), Image.Resampling.NEAREST), times


def with_text(picture: Image.Image, text: str) -> Image.Image:
    """The picture with a line of text below, cut to what fits."""
    if not text:
        return picture
    font = ImageFont.load_default(size=12)
    while len(text) > 1 and font.getlength(text) > picture.width:
        text = text.removesuffix("…")[:-1] + "…"
    sheet = Image.new("RGB", (picture.width, picture.height + 16), PAPER)
    sheet.paste(picture)
    middle = (picture.width / 2, picture.height + 8)
    ImageDraw.Draw(sheet).text(middle, text, INK, font, anchor="mm")
    return sheet


def draw_grid(samples: Sequence[Any], columns: int | None = None) -> Image.Image:
    """All samples in rows of equal tiles, about as wide as high when ``columns`` is left out."""
    pictures = [draw(sample) for sample in samples]
    columns = columns or math.ceil(math.sqrt(len(pictures))) or 1
    width = max((picture.width for picture in pictures), default=TILE) + MARGIN
    height = max((picture.height for picture in pictures), default=TILE) + MARGIN
    rows = math.ceil(len(pictures) / columns)
    sheet = Image.new("RGB", (columns * width + MARGIN, rows * height + MARGIN), PAPER)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        sheet.paste(picture, (MARGIN + column * width, MARGIN + row * height))
    return sheet


def save_grid(samples: Sequence[Sample], path: Path, columns: int | None = None) -> None:
    """Write the samples as one PNG."""
    draw_grid(samples, columns).save(path, "PNG")
