"""Images of one size: cut to a square, or fitted into one.

Template's file: updates replace it. To resize otherwise, write a transform in data.py.
"""

import torch
from jaxtyping import Int64
from PIL import Image, ImageOps
from torch import Tensor
from torchvision.transforms.v2 import functional


def cut_to_square(image: Image.Image, side: int) -> Image.Image:
    """The middle of an image, as a square of ``side`` pixels; ``resized`` for many at once."""
    return ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR)


def resized(pixels: Tensor, size: int) -> Tensor:
    """Images in memory as squares of one size, cut about their middle."""
    if pixels.shape[-2:] == (size, size):
        return pixels
    parts = [
        functional.center_crop(functional.resize(part, [size], antialias=True), [size])
        for part in pixels.split(4096)  # so that the floats in between stay small
    ]
    return torch.cat(parts)


def letterbox(image: Image.Image, side: int) -> Image.Image:
    """The whole image, as large as it fits into the middle of a black square."""
    size, corner = placement(torch.tensor([image.height, image.width]), side)
    (height, width), (top, left) = size.tolist(), corner.tolist()
    square = Image.new(image.mode, (side, side))
    square.paste(image.resize((width, height), Image.Resampling.BILINEAR), (left, top))
    return square


def letterbox_mask(
    mask: Image.Image, size: tuple[int, int], side: int, outside: int
) -> Image.Image:
    """The mask of an image, placed as ``letterbox`` places that image.

    Args:
        mask: Class numbers; each pixel of the square has that of the nearest one.
        size: The image's height and width.
        side: Of the square.
        outside: What the square holds where the image is not.
    """
    shown, corner = placement(torch.tensor(size), side)
    (height, width), (top, left) = shown.tolist(), corner.tolist()
    square = Image.new(mask.mode, (side, side), outside)
    square.paste(mask.resize((width, height), Image.Resampling.NEAREST), (left, top))
    return square


def resized_masks(masks: Tensor, size: int) -> Tensor:
    """Masks in memory as squares of one size, placed as ``resized`` places their images.

    Shape:
        - masks: ``(examples, height, width)``
        - output: ``(examples, size, size)``
    """
    if masks.shape[-2:] == (size, size):
        return masks
    nearest = functional.InterpolationMode.NEAREST_EXACT
    return functional.center_crop(
        functional.resize(masks.unsqueeze(1), [size], interpolation=nearest), [size]
    ).squeeze(1)


def without_border(square: Tensor, size: Int64[Tensor, " 2"]) -> Tensor:
    """The part of a ``letterbox``'s square that shows the image, of this height and width."""
    shown, corner = placement(size, square.shape[-1])
    (height, width), (top, left) = shown.tolist(), corner.tolist()
    return square[..., top : top + height, left : left + width]


def placement(size: Int64[Tensor, "*batch 2"], side: int) -> tuple[Tensor, Tensor]:
    """Where ``letterbox`` puts images: how high and wide they become, and their top left corners.

    Shape:
        - size: ``(*batch, 2)``, heights and widths
    """
    shown = (size * (side / size.amax(dim=-1, keepdim=True))).round().long().clamp(min=1)
    return shown, (side - shown) // 2
