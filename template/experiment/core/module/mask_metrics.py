"""How good masks are: from one count of which class was taken for which.

Template's file: updates replace it. To measure otherwise, add a metric of yours in module.py.
"""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric


class MaskOverlap(Metric):
    r"""``miou`` and ``dice``, means over all classes, and ``accuracy``, the share of right pixels.

    Over all pixels of an epoch that count, not image by image. Of a class with :math:`t` pixels,
    :math:`p` predicted ones and :math:`i` that are both, :math:`i / (t + p - i)` is the overlap,
    :math:`2i / (t + p)` the Dice coefficient. A class that is neither there nor predicted counts as
    0: left out, it would let a model that knows one class look as good as one that knows all.

    Args:
        num_classes: Classes to tell apart.
        ignored: The class number of pixels that do not count.
    """

    full_state_update = False
    higher_is_better = True
    is_differentiable = False
    confusion: Tensor

    def __init__(self, num_classes: int, ignored: int) -> None:
        super().__init__()
        self.num_classes, self.ignored = num_classes, ignored
        none = torch.zeros(num_classes, num_classes, dtype=torch.long)
        self.add_state("confusion", none, dist_reduce_fx="sum")

    def update(self, predicted: Tensor, mask: Tensor) -> None:
        """Show it a batch.

        Shape:
            - predicted: ``(batch, height, width)``, class numbers
            - mask: ``(batch, height, width)``, class numbers, or the one that is ignored
        """
        counts = mask != self.ignored
        pairs = mask[counts].long() * self.num_classes + predicted[counts]
        found = torch.bincount(pairs, minlength=self.num_classes**2)
        self.confusion += found.view(self.num_classes, self.num_classes)

    def compute(self) -> dict[str, Any]:
        """The three of them, as scalars."""
        both = self.confusion.diagonal()
        of_either = self.confusion.sum(0) + self.confusion.sum(1)
        return {
            "miou": (both / (of_either - both).clamp(min=1)).mean(),
            "accuracy": both.sum() / self.confusion.sum().clamp(min=1),
            "dice": (2 * both / of_either.clamp(min=1)).mean(),
        }
