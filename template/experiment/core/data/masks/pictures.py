"""Masks as pictures: class numbers that look coloured, and colours laid over an image.

Template's file: updates replace it. For colours of your own, write another function in module.py.
"""

import colorsys
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional

from .masked_images import IGNORED

BACKGROUND = "background"
UNCOUNTED = (255, 255, 255)  # the colour of pixels that do not count
GOLDEN = 0.618034  # of the circle of hues: neighbours in number are far apart, however many
STRENGTH = 0.6  # of a colour over an image


def class_colors(class_names: Sequence[str]) -> NDArray[np.uint8]:
    """Red, green and blue of each class number, ``(256, 3)``; the background is black."""
    colors = np.zeros((256, 3), dtype=np.uint8)
    for number in range(IGNORED):
        parts = colorsys.hsv_to_rgb(number * GOLDEN % 1, 0.8, (1.0, 0.75)[number % 2])
        colors[number] = [round(255 * part) for part in parts]
    colors[_background(class_names)] = 0
    colors[IGNORED] = UNCOUNTED
    return colors


def class_picture(mask: Tensor, class_names: Sequence[str]) -> Image.Image:
    """A mask as a picture whose values are the class numbers, and whose palette their colours.

    Saved as PNG it is what VOC and most tools call a mask: ``numpy.array(Image.open(file))`` gives
    the numbers, a viewer shows the colours.

    Shape:
        - mask: ``(height, width)``, bytes
    """
    picture = Image.fromarray(mask.cpu().numpy())
    picture.putpalette(class_colors(class_names).tobytes())
    return picture


def overlay(image: Tensor, mask: Tensor, class_names: Sequence[str]) -> Image.Image:
    """The image with each pixel in the colour of its class, the background as it is.

    Shape:
        - image: ``(channels, height, width)``: bytes, or floats from 0 to 1; grey or RGB
        - mask: ``(height, width)``, bytes
    """
    image = image.detach().cpu()
    if image.is_floating_point():
        image = functional.to_dtype(image.clamp(0, 1), torch.uint8, scale=True)
    below = np.asarray(functional.to_pil_image(image).convert("RGB"), dtype=np.float32)
    numbers = mask.cpu().numpy()
    is_plain = np.isin(numbers, _background(class_names))
    share = np.where(is_plain, 0, STRENGTH)[..., np.newaxis]
    mixed = below * (1 - share) + class_colors(class_names)[numbers] * share
    return Image.fromarray(mixed.round().astype(np.uint8))


def _background(class_names: Sequence[str]) -> list[int]:
    """The numbers of the classes that are called so: one or none."""
    return [number for number, name in enumerate(class_names) if name == BACKGROUND]
