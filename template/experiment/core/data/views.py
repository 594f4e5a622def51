"""Several views of each example, for what learns by comparing them (SimCLR, BYOL, DINO).

Template's file: updates replace it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torchvision import tv_tensors

from .batch_transforms import BatchTransform
from .batches import fields_of, like, with_fields


class Views:
    """Transforms an example several times, each by a draw of its own.

    Images, masks and boxes get one axis more, their views; what else a sample has, such as a label,
    stays as it is. In a sample that has neither, each tensor gets it.

    Args:
        transform: From a sample to a sample, such as a ``v2.Compose``.
        count: How many views.

    Shape:
        - input: an image of ``(channels, height, width)``
        - output: ``(count, channels, height, width)``, in a batch
          ``(batch, count, channels, height, width)``
    """

    def __init__(self, transform: Callable[[Any], Any], count: int = 2) -> None:
        self.transform, self.count = transform, count

    def __call__(self, sample: Any) -> Any:
        return _side_by_side(sample, [self.transform(sample) for _ in range(self.count)], axis=0)

    def for_batches(self) -> Callable[[Any], Any]:
        """The same for a whole batch, whose transforms draw for each example."""
        transform = BatchTransform(self.transform)

        def views(batch: Any) -> Any:
            return _side_by_side(batch, [transform(batch) for _ in range(self.count)], axis=1)

        return views


def _side_by_side(source: Any, views: Sequence[Any], axis: int) -> Any:
    before = fields_of(source)
    seen = [isinstance(field, (tv_tensors.TVTensor, Image.Image)) for field in before]
    if not any(seen):
        seen = [isinstance(field, Tensor) for field in before]
    columns = zip(*(fields_of(view) for view in views), strict=True)
    fields = [
        _stacked(column, axis) if is_seen else column[0]
        for column, is_seen in zip(columns, seen, strict=True)
    ]
    return with_fields(views[0], fields)


def _stacked(views: Sequence[Tensor], axis: int) -> Tensor:
    tensors = [view.as_subclass(Tensor) for view in views]
    return like(torch.stack(tensors, dim=axis), views[0])
