"""Typed samples become pictures.

Template's file: updates replace it. To draw a sample type of your own: ``@draw.register`` in
data.py.
"""

import math
import re
from collections.abc import Sequence
from functools import singledispatch
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torchvision.transforms.v2 import functional

from ..data.samples import BoxSample, ImageSample, Sample, TextSample

TILE = 96  # pixels, the longer side that small images are enlarged to
MARGIN, INK, PAPER = 6, (40, 40, 40), (255, 255, 255)
TRUE, PREDICTED = (60, 220, 130), (255, 130, 30)  # boxes, seen on dark and on bright images
CONTINUED = (213, 94, 0)  # a text's words, on paper
LETTER = 11  # pixels, the height of a box's name
PAGE = 450  # pixels, the width of a text: 72 characters of the usual kind
LINES = 14  # of a text at most


@singledispatch
def draw(sample: object) -> Image.Image:
    """One sample as a picture."""
    raise TypeError(f"no drawing is registered for {type(sample).__name__}: use @draw.register")


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
            place, anchor = ((left, above), "lb") if colour == TRUE else ((left, below), "la")
            pencil.text(place, str(name), colour, font, anchor)
    return with_text(picture, sample.text)


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


def draw_grid(samples: Sequence[Sample], columns: int | None = None) -> Image.Image:
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
