"""How masks move with their images, and how both come back out of the square that a model sees.

Template's file: updates replace it. To prepare masks otherwise, write a transform in data.py.
"""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Int64
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms.v2 import InterpolationMode, functional

from ..resize import without_border
from .masked_images import IGNORED


def out_of_square(square: Tensor, size: Int64[Tensor, " 2"]) -> Tensor:
    """The image or the mask that lies in a square, without its border and in its own size.

    Args:
        square: An image has channels, a mask has none: its pixels get the class of the nearest one.
        size: Height and width of the image.
    """
    part = without_border(square, size)
    if part.shape[-2:] == (*size,):
        return part
    if square.ndim == 3:
        return functional.resize(part, size.tolist())
    exact = InterpolationMode.NEAREST_EXACT
    return functional.resize(part.unsqueeze(0), size.tolist(), interpolation=exact).squeeze(0)


def ignore_outside(transforms: Sequence[Any]) -> list[Any]:
    """The same transforms, after which no pixel of a mask counts that no image has shown.

    What turns or shifts an image brings in pixels from beyond its edge. torchvision would give them
    the class 0, as though it had been seen there; now it is ``IGNORED``. The image gets the
    transform's own ``fill``. What has a dict for it has decided for itself.
    """
    for transform in transforms:
        inner = getattr(transform, "transforms", None)
        if inner is not None:  # a chain, or a choice among transforms
            ignore_outside(inner)
        if hasattr(transform, "_fill") and not isinstance(transform.fill, dict):
            # torchvision keeps what was given, and beside it the same by the type of a field.
            transform.fill = transform._fill = {tv_tensors.Mask: IGNORED, **transform._fill}
    return list(transforms)
