"""Typed samples become pictures.

Template's file: updates replace it. To draw a sample type of your own: ``@draw.register`` in
data.py.
"""

import math
from collections.abc import Sequence
from functools import singledispatch
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torchvision.transforms.v2 import functional

from .samples import ImageSample, Sample

TILE = 96  # pixels, the longer side that small images are enlarged to
MARGIN, INK, PAPER = 6, (40, 40, 40), (255, 255, 255)


@singledispatch
def draw(sample: object) -> Image.Image:
    """One sample as a picture."""
    raise TypeError(f"no drawing is registered for {type(sample).__name__}: use @draw.register")


@draw.register
def draw_image(sample: ImageSample) -> Image.Image:
    """The image, enlarged in whole steps so that pixels stay pixels, above its text."""
    image = sample.image.detach().cpu()
    if image.is_floating_point():
        image = functional.to_dtype(image.clamp(0, 1), torch.uint8, scale=True)
    picture = functional.to_pil_image(image).convert("RGB")
    times = max(1, TILE // max(picture.size))
    picture = picture.resize(
        (picture.width * times, picture.height * times), Image.Resampling.NEAREST
    )
    return with_text(picture, sample.text)


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
