"""What is seen of an example where its dataset has no ``record``: what ``__getitem__`` gives.

Template's file: updates replace it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ....data.content_digest import bytes_of
from .look import digest

LABELS = ("label", "labels", "target", "targets", "y", "class")


def parts_of(sample: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a sample, by their names or places."""
    if isinstance(sample, Mapping):
        yield from ((str(name), value) for name, value in sample.items())
    elif isinstance(sample, tuple) and hasattr(sample, "_fields"):
        yield from zip(sample._fields, sample, strict=True)  # pyright: ignore[reportAttributeAccessIssue]
    elif isinstance(sample, (tuple, list)):
        last = len(sample) - 1  # (input, target), as torchvision's datasets have it
        yield from (
            ("label" if place and place == last else str(place), part)
            for place, part in enumerate(sample)
        )
    else:
        yield "0", sample


def input_and_label(sample: Any) -> tuple[Any, Any]:
    """What a sample shows, an image or a text if it has one, and its class, None if it has none."""
    parts = dict(parts_of(sample))
    label = next((parts.pop(name) for name in LABELS if name in parts), None)
    shown = [as_image(part) or part for part in parts.values()]
    for kind in (Image.Image, str):
        if (found := [part for part in shown if isinstance(part, kind)]) and len(found) == 1:
            return found[0], plain_label(label)
    return list(parts.items()), plain_label(label)


def plain_label(label: Any) -> Any:
    """A class's number or name; None where it is neither."""
    if isinstance(label, (Tensor, np.ndarray, np.generic)):
        if label.ndim or label.dtype in (torch.float32, torch.float64, np.float32, np.float64):
            return None
        label = label.item()
    return label if isinstance(label, (int, str)) else None


def as_image(part: Any) -> Image.Image | None:
    """A field as an image, if it can be one: ``(channels, height, width)``, bytes or 0 to 1."""
    if isinstance(part, Image.Image):
        return part
    if not isinstance(part, Tensor) or part.ndim != 3 or part.shape[0] not in (1, 3):
        return None
    array = part.detach().numpy()
    if part.is_floating_point():
        if not array.size or array.min() < 0 or array.max() > 1:
            return None
        array = (array * 255).round()
    elif part.dtype != torch.uint8:
        return None
    array = array.astype(np.uint8)
    return Image.fromarray(array[0] if len(array) == 1 else array.transpose(1, 2, 0).copy())


def content_digest(value: Any) -> bytes:
    """The same for the same content: tensors by their values, whatever else by what is printed."""
    return digest(bytes_of(value))
