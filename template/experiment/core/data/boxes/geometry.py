"""Boxes of objects: how they follow an image into a square and back, and which of them remain.

Template's file: updates replace it. To prepare boxes otherwise, write a transform in data.py.

A box is (left, top, right, bottom) in pixels. Images hold different numbers of objects: their
rows are padded to equal length, and where there is no object the label is -1 and the box zero.
"""

from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional

from ..batches import like
from ..resize import placement, without_border


def as_boxes(boxes: Float[Tensor, "*batch 4"], side: int) -> tv_tensors.BoundingBoxes:
    """Boxes that transforms know; of a whole batch too, which torchvision's own type refuses."""
    none: Any = torch.zeros(0, 4)
    canvas = {"format": "XYXY", "canvas_size": (side, side)}
    return like(boxes, tv_tensors.BoundingBoxes(none, **canvas))  # pyright: ignore


def into_square(
    boxes: Float[Tensor, "*batch objects 4"], size: Int64[Tensor, "*batch 2"], side: int
) -> Float[Tensor, "*batch objects 4"]:
    """Boxes of images as boxes of the squares that ``letterbox`` makes of them.

    Shape:
        - boxes: ``(*batch, objects, 4)``
        - size: ``(*batch, 2)``, height and width of each image
        - output: ``(*batch, objects, 4)``
    """
    shown, corner = placement(size, side)
    return boxes * _for_corners(shown / size) + _for_corners(corner)


def out_of_square(
    boxes: Float[Tensor, "*batch objects 4"], size: Int64[Tensor, "*batch 2"], side: int
) -> Float[Tensor, "*batch objects 4"]:
    """The way back, to the images' own pixels; what reaches over an image's edge ends there.

    Shape:
        - boxes: ``(*batch, objects, 4)``
        - size: ``(*batch, 2)``, height and width of each image
        - output: ``(*batch, objects, 4)``
    """
    shown, corner = placement(size, side)
    boxes = (boxes - _for_corners(corner)) / _for_corners(shown / size)
    return torch.minimum(boxes.clamp(min=0), _for_corners(size))


def image_out_of_square(image: Tensor, size: Int64[Tensor, " 2"]) -> Tensor:
    """The image that lies in a square, without its border and in its own size."""
    part = without_border(image, size)
    return functional.resize(part, size.tolist()) if part.shape[-2:] != (*size,) else part


def _for_corners(height_and_width: Tensor) -> Tensor:
    """From (..., 2) as images have it to (..., 1, 4) as boxes do: x, y, x, y."""
    return height_and_width.flip(-1).repeat(*[1] * (height_and_width.ndim - 1), 2).unsqueeze(-2)
