"""Boxes of objects: how they follow an image into a square and back, and which of them remain.

Template's file: updates replace it. To prepare boxes otherwise, write a transform in data.py.

A box is (left, top, right, bottom) in pixels. Images hold different numbers of objects: their
rows are padded to equal length, and where there is no object the label is -1 and the box zero.
"""

from typing import Any, TypeVar

import torch
from jaxtyping import Float, Int64
from PIL import Image
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional

from .transforms import like
from .warping import clipped

SampleT = TypeVar("SampleT", bound=tuple[Any, ...])


def as_boxes(boxes: Float[Tensor, "*batch 4"], side: int) -> tv_tensors.BoundingBoxes:
    """Boxes that transforms know; of a whole batch too, which torchvision's own type refuses."""
    none: Any = torch.zeros(0, 4)
    canvas = {"format": "XYXY", "canvas_size": (side, side)}
    return like(boxes, tv_tensors.BoundingBoxes(none, **canvas))  # pyright: ignore


def letterbox(image: Image.Image, side: int) -> Image.Image:
    """The whole image, as large as it fits into the middle of a black square."""
    size, corner = placement(torch.tensor([image.height, image.width]), side)
    (height, width), (top, left) = size.tolist(), corner.tolist()
    square = Image.new(image.mode, (side, side))
    square.paste(image.resize((width, height), Image.Resampling.BILINEAR), (left, top))
    return square


def placement(size: Int64[Tensor, "*batch 2"], side: int) -> tuple[Tensor, Tensor]:
    """Where ``letterbox`` puts images: how high and wide they become, and their top left corners.

    Shape:
        - size: ``(*batch, 2)``, heights and widths
    """
    shown = (size * (side / size.amax(dim=-1, keepdim=True))).round().long().clamp(min=1)
    return shown, (side - shown) // 2


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
    shown, corner = placement(size, image.shape[-1])
    (height, width), (top, left) = shown.tolist(), corner.tolist()
    part = image[..., top : top + height, left : left + width]
    return functional.resize(part, size.tolist()) if part.shape[-2:] != (*size,) else part


def _for_corners(height_and_width: Tensor) -> Tensor:
    """From (..., 2) as images have it to (..., 1, 4) as boxes do: x, y, x, y."""
    return height_and_width.flip(-1).repeat(*[1] * (height_and_width.ndim - 1), 2).unsqueeze(-2)


class FirstObjects:
    """Keeps the first objects of each image, for training with images that have very many.

    Args:
        most: How many; None: all.
    """

    takes_batches = True  # see core/transforms.py

    def __init__(self, most: int | None) -> None:
        self.most = most

    def __call__(self, sample: SampleT) -> SampleT:
        fields: Any = sample
        boxes = like(fields.boxes[..., : self.most, :], fields.boxes)
        return fields._replace(boxes=boxes, label=fields.label[..., : self.most])


class DropLostBoxes:
    """Ends boxes at the image's edge, and forgets objects of which next to nothing is left.

    Goes after whatever crops, moves or turns an image. Takes a sample or a whole batch, in which
    ``boxes`` are tv_tensors and ``label`` says what they show.

    Args:
        min_side: Pixels; an object whose box is narrower or lower than this is forgotten.
    """

    takes_batches = True  # see core/transforms.py

    def __init__(self, min_side: float = 2.0) -> None:
        self.min_side = min_side

    def __call__(self, sample: SampleT) -> SampleT:
        fields: Any = sample
        boxes, label = fields.boxes, fields.label
        height, width = boxes.canvas_size
        corners = clipped(boxes.as_subclass(Tensor), height, width)
        sides = corners[..., 2:] - corners[..., :2]
        kept = (label >= 0) & (sides >= self.min_side).all(dim=-1)
        return fields._replace(
            boxes=like(corners * kept.unsqueeze(-1), boxes), label=label.where(kept, -1)
        )
