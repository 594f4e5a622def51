"""Transforms of boxes.

Template's file: updates replace it.
"""

from typing import Any, TypeVar

from torch import Tensor

from ..affine import clipped
from ..batches import like

SampleT = TypeVar("SampleT", bound=tuple[Any, ...])


class FirstObjects:
    """Keeps the first objects of each image, for training with images that have very many.

    Args:
        most: How many; None: all.
    """

    takes_batches = True  # see core/data/batch_transforms.py

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

    takes_batches = True  # see core/data/batch_transforms.py

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
