"""Small pictures of examples, inside the page that shows them, and together never too many bytes.

Template's file: updates replace it.
"""

import base64
import io
from collections import Counter
from dataclasses import replace
from functools import singledispatch
from html import escape
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional

from ...data.samples import BoxSample, ImageSample, MaskSample, TextSample
from ..drawing import draw
from ..report.room import Budget, shortened

SIDE = 192  # pixels, of a picture's longer side, before names and classes are drawn on it
WIDE, HIGH = 3 * SIDE + 24, SIDE + 48  # of the drawing: an image with two masks and their names
QUALITY = 78  # of WebP
FEW_COLOURS = 64  # a drawing rather than a photo: kept exactly


def thumbnail(sample: Any, alt: str, budget: Budget) -> str:
    """An example as HTML: a picture, or a text; a word where it cannot be drawn or has no room."""
    return placed(drawn(sample, alt), budget)


def drawn(sample: Any, alt: str) -> str:
    """The same, whatever room it takes."""
    if isinstance(sample, TextSample):
        return _text(sample)
    try:
        picture = draw(small(sample)).convert("RGB")
    except Exception as error:  # a drawing of the researcher's own
        return f'<p class="missing">cannot be drawn: {escape(shortened(str(error), 160))}</p>'
    picture.thumbnail((WIDE, HIGH))
    width, height = picture.size
    return (
        f'<img src="{encoded(picture)}" width="{width}" height="{height}" '
        f'alt="{escape(shortened(alt, 160))}">'
    )


def placed(html: str, budget: Budget) -> str:
    """What was drawn, if there is room for it."""
    return html if budget.takes(html) else '<p class="missing">no room for more pictures</p>'


def _text(sample: TextSample) -> str:
    going_on = f"<mark>{escape(shortened(sample.continuation))}</mark>"
    shown = escape(shortened(sample.text)) or '<span class="missing">(empty)</span>'
    return f'<p class="text">{shown}{going_on if sample.continuation else ""}</p>'


def encoded(picture: Image.Image) -> str:
    """The picture in its address; a drawing of few colours without loss, where that is as small."""
    buffer = io.BytesIO()
    lossless = picture.getcolors(FEW_COLOURS) is not None
    picture.save(buffer, "WEBP", quality=QUALITY, lossless=lossless, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def caption_of(sample: Any) -> str:
    """The words below a sample, such as its class; of boxes, how many of which."""
    if isinstance(sample, BoxSample) and not sample.text:
        counts = Counter(str(name) for name in sample.names)
        return ", ".join(f"{count} × {name}" for name, count in counts.most_common())
    return "" if isinstance(sample, TextSample) else str(getattr(sample, "text", ""))


@singledispatch
def small(sample: Any) -> Any:
    """The sample with an image that is no larger than it is shown, and without the words below."""
    return sample


@small.register
def _(sample: Image.Image) -> Image.Image:
    copied = sample.copy()
    copied.thumbnail((2 * SIDE, SIDE))
    return copied


@small.register
def _(sample: ImageSample) -> ImageSample:
    return replace(sample, image=_resized(sample.image)[0], text="")


@small.register
def _(sample: BoxSample) -> BoxSample:
    image, scale = _resized(sample.image)
    boxes, predicted = sample.boxes * scale, sample.predicted_boxes * scale
    names = [shortened(str(name), 40) for name in sample.names]
    return replace(
        sample, image=image, boxes=boxes, predicted_boxes=predicted, names=names, text=""
    )


@small.register
def _(sample: MaskSample) -> MaskSample:
    image, _ = _resized(sample.image)
    masks = {
        name: functional.resize(
            mask.unsqueeze(0),
            list(image.shape[-2:]),
            interpolation=functional.InterpolationMode.NEAREST_EXACT,
        ).squeeze(0)
        for name in ("mask", "predicted_mask")
        if (mask := getattr(sample, name)) is not None
    }
    return replace(sample, image=image, text="", **masks)


def _resized(image: Tensor) -> tuple[Tensor, float]:
    """The image with a longer side of ``SIDE`` at most, and by what it was multiplied."""
    image = image.as_subclass(torch.Tensor).detach().cpu()
    longer = max(image.shape[-2:])
    if longer <= SIDE:
        return image, 1.0
    scale = SIDE / longer
    size = [max(1, round(side * scale)) for side in image.shape[-2:]]
    return functional.resize(image, size, antialias=True), scale
