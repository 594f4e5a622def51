"""Examples in the form in which a person looks at them; ``inspect/drawing.py`` draws each type.

Template's file: updates replace it. To show a new kind of example, define a dataclass in data.py
and register how it is drawn, ``@draw.register``, and what a prediction adds to it,
``@with_prediction.register``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

Image = UInt8[Tensor, "channels height width"] | Float[Tensor, "channels height width"]


@dataclass
class ImageSample:
    """An image with a word or two about it.

    Args:
        image: ``(channels, height, width)``; bytes, or floats from 0 to 1; grey or RGB.
        text: What stands below it, such as its class.
    """

    image: Image
    text: str = ""


@dataclass
class BoxSample:
    """An image with boxes around its objects: the true ones, and those that were predicted.

    Args:
        image: ``(channels, height, width)``; bytes, or floats from 0 to 1; grey or RGB.
        boxes: ``(objects, 4)``: left, top, right, bottom in pixels.
        names: What is in each box.
        text: What stands below the image.
        predicted_boxes: The same of the model.
        predicted_names: The same of the model.
    """

    image: Image
    boxes: Float[Tensor, "objects 4"]
    names: Sequence[str] = ()
    text: str = ""
    predicted_boxes: Float[Tensor, "predicted 4"] = field(default_factory=lambda: torch.empty(0, 4))
    predicted_names: Sequence[str] = ()


@dataclass
class MaskSample:
    """An image with a class for each pixel: the true one, and the one that was predicted.

    Args:
        image: ``(channels, height, width)``; bytes, or floats from 0 to 1; grey or RGB.
        mask: ``(height, width)``: class numbers in bytes, 255 where none counts.
        class_names: The name of each class, by its number.
        text: What stands below the image.
        predicted_mask: The same of the model; None: nothing was predicted.
    """

    image: Image
    mask: UInt8[Tensor, "height width"]
    class_names: Sequence[str] = ()
    text: str = ""
    predicted_mask: UInt8[Tensor, "height width"] | None = None


@dataclass
class TextSample:
    """A text, and how the model goes on with it."""

    text: str
    continuation: str = ""


Sample = ImageSample | BoxSample | MaskSample | TextSample
Row = Mapping[str, Any]


@singledispatch
def with_prediction(sample: Any, row: Row) -> Any:
    """The sample with what the model says of it.

    Args:
        sample: As ``preview`` in data.py gives it.
        row: One entry of each column that ``predict_step`` in module.py returned.
    """
    return sample


@with_prediction.register
def _(sample: ImageSample, row: Row) -> ImageSample:
    """The first column, in words."""
    value = next(iter(row.values()))
    word = f"{value:.3g}" if isinstance(value, float) else str(value)
    return replace(sample, text=f"{sample.text}: {word}" if sample.text else word)


@with_prediction.register
def _(sample: BoxSample, row: Row) -> BoxSample:
    """The columns boxes, class and confidence, each a list."""
    boxes = torch.tensor(row["boxes"], dtype=torch.float32).reshape(-1, 4)
    pairs = zip(row["class"], row["confidence"], strict=True)
    names = [f"{name}: {confidence:.0%}" for name, confidence in pairs]
    return replace(sample, predicted_boxes=boxes, predicted_names=names)


@with_prediction.register
def _(sample: MaskSample, row: Row) -> MaskSample:
    """The column mask: a picture whose values are class numbers."""
    return replace(sample, predicted_mask=torch.from_numpy(np.array(row["mask"], dtype=np.uint8)))


@with_prediction.register
def _(sample: TextSample, row: Row) -> TextSample:
    """The column text."""
    return replace(sample, continuation=str(row["text"]))
