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
        degree = math.pi / 180
        rotation, shear_x, shear_y = (
            self.angle * degree,
            self.shear_x * degree,
            self.shear_y * degree,
        )
        # Rotation * shear_y * shear_x, as torchvision composes them; then the 2x2 inverse.
        a = torch.cos(rotation - shear_y) / torch.cos(shear_y)
        b = -a * torch.tan(shear_x) - torch.sin(rotation)
        c = torch.sin(rotation - shear_y) / torch.cos(shear_y)
        d = -c * torch.tan(shear_x) + torch.cos(rotation)
        linear = torch.stack([d, -b, -c, a], dim=1).view(-1, 2, 2) / self.scale.view(-1, 1, 1)
        center = torch.tensor([center_x, center_y])
        moved = center + torch.stack([self.shift_x, self.shift_y], dim=1)
        offset = center - torch.einsum("bij,bj->bi", linear, moved)
        return torch.cat([linear, offset.unsqueeze(2)], dim=2)


def warp(transform: Any, maps: AffineMaps) -> Callable[[Tensor], Tensor] | None:
    """Looks up every pixel where its example's map says: one ``grid_sample`` for the batch."""
    mode = getattr(transform.interpolation, "value", transform.interpolation)
    if mode not in ("nearest", "bilinear"):
        return None

    def move(field: Tensor) -> Tensor:
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
        return _look_up(field, grid, here, transform.fill)

    return move


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
