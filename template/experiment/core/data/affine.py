"""Affine maps of whole batches of images, another one for each image.

Template's file: updates replace it. To move images otherwise, write a transform in data.py.

The arithmetic is that of ``v2.functional.affine`` and ``rotate``, which take one map a call.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision import tv_tensors


class AffineMaps(NamedTuple):
    """One affine map for each example, in the words of ``v2.functional.affine``.

    Shape:
        - each: ``(batch,)``; angles and shears in degrees, shifts in pixels
    """

    angle: Tensor
    shift_x: Tensor
    shift_y: Tensor
    scale: Tensor
    shear_x: Tensor
    shear_y: Tensor

    def inverse(self, center_x: float, center_y: float) -> Tensor:
        """The matrices from a place in the result to the place in the image that it shows.

        Shape:
            - output: ``(batch, 2, 3)``
        """
        a, b, c, d = self._linear()
        linear = torch.stack([d, -b, -c, a], dim=1).view(-1, 2, 2) / self.scale.view(-1, 1, 1)
        center, moved = self._centers(center_x, center_y)
        offset = center - torch.einsum("bij,bj->bi", linear, moved)
        return torch.cat([linear, offset.unsqueeze(2)], dim=2)

    def forward(self, center_x: float, center_y: float) -> Tensor:
        """The matrices from a place in the image to where the result shows it.

        Shape:
            - output: ``(batch, 2, 3)``
        """
        linear = torch.stack(self._linear(), dim=1).view(-1, 2, 2) * self.scale.view(-1, 1, 1)
        center, moved = self._centers(center_x, center_y)
        offset = moved - torch.einsum("bij,j->bi", linear, center)
        return torch.cat([linear, offset.unsqueeze(2)], dim=2)

    def _linear(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Rotation * shear_y * shear_x, as torchvision composes them; its determinant is 1."""
        degree = math.pi / 180
        rotation, shear_x, shear_y = (
            self.angle * degree,
            self.shear_x * degree,
            self.shear_y * degree,
        )
        a = torch.cos(rotation - shear_y) / torch.cos(shear_y)
        b = -a * torch.tan(shear_x) - torch.sin(rotation)
        c = torch.sin(rotation - shear_y) / torch.cos(shear_y)
        d = -c * torch.tan(shear_x) + torch.cos(rotation)
        return a, b, c, d

    def _centers(self, center_x: float, center_y: float) -> tuple[Tensor, Tensor]:
        """What everything turns about, and where that goes in each example."""
        center = torch.tensor([center_x, center_y], dtype=torch.float32)
        return center, center + torch.stack([self.shift_x, self.shift_y], dim=1)


def warp(transform: Any, maps: AffineMaps) -> Callable[[Tensor], Tensor] | None:
    """Looks up every pixel where its example's map says: one ``grid_sample`` for the batch.

    Boxes become the boxes about their four moved corners, as torchvision has it.
    """
    mode = getattr(transform.interpolation, "value", transform.interpolation)
    if mode not in ("nearest", "bilinear"):
        return None

    def move(field: Tensor) -> Tensor:
        if isinstance(field, tv_tensors.BoundingBoxes):
            return _moved_boxes(field, maps, transform.center)
        height, width = field.shape[-2:]
        center_x, center_y = transform.center or (width / 2, height / 2)
        inverse = maps.inverse(center_x - width / 2, center_y - height / 2)
        x = torch.arange(width).view(-1, 1) - (width - 1) / 2
        y = torch.arange(height).view(-1, 1) - (height - 1) / 2
        # A map is linear, so that what x and what y contribute are found apart, then added.
        to_x, to_y, offset = (inverse / (torch.tensor([[width], [height]]) / 2)).unbind(dim=2)
        across = x * to_x.unsqueeze(1) + offset.unsqueeze(1)  # (batch, width, 2)
        grid = across.unsqueeze(1) + (y * to_y.unsqueeze(1)).unsqueeze(2)
        # Masks hold class numbers, which have no mean.
        here = "nearest" if isinstance(field, tv_tensors.Mask) else mode
        return _look_up(field, grid, here, fill_for(transform, field))

    return move


def fill_for(transform: Any, field: Tensor) -> Any:
    """What a transform puts where a field goes on beyond its image; a dict says it by type."""
    fill = transform.fill
    return fill.get(type(field), fill.get("others")) if isinstance(fill, dict) else fill


def clipped(boxes: Tensor, height: int, width: int) -> Tensor:
    """Boxes that end at the edges of an image."""
    return boxes.clamp(min=0).minimum(boxes.new_tensor([width, height] * 2))


def _moved_boxes(boxes: tv_tensors.BoundingBoxes, maps: AffineMaps, center: Any) -> Tensor:
    height, width = boxes.canvas_size
    matrix = maps.forward(*(center or (width / 2, height / 2)))  # (batch, 2, 3)
    left, top, right, bottom = boxes.as_subclass(Tensor).float().unbind(dim=2)
    x = torch.stack([left, right, right, left], dim=2)  # (batch, objects, corners)
    y = torch.stack([top, top, bottom, bottom], dim=2)
    places = torch.einsum("bij,bojc->boci", matrix, torch.stack([x, y, torch.ones_like(x)], dim=2))
    around = torch.cat([places.amin(dim=2), places.amax(dim=2)], dim=2)
    return clipped(around, height, width).to(boxes.dtype)


def _look_up(field: Tensor, grid: Tensor, mode: str, fill: Any) -> Tensor:
    """``grid_sample``, with ``fill`` where a place lies outside, as torchvision mixes it in."""
    images = field.as_subclass(Tensor).reshape(len(field), -1, *field.shape[-2:])
    pixels = images if images.is_floating_point() else images.float()
    if fill is not None:
        pixels = torch.cat([pixels, torch.ones_like(pixels[:, :1])], dim=1)
    pixels = F.grid_sample(pixels, grid.to(pixels.dtype), mode=mode, align_corners=False)
    if fill is not None:
        pixels, inside = pixels[:, :-1], pixels[:, -1:]
        outside = torch.as_tensor(fill, dtype=pixels.dtype).view(1, -1, 1, 1)
        if mode == "nearest":
            pixels = torch.where(inside < 0.5, outside, pixels)
        else:
            pixels = (pixels - outside) * inside + outside
    if not images.is_floating_point():
        pixels = pixels.round()
    return pixels.to(field.dtype).reshape(field.shape)
