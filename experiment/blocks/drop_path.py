"""Depth that is random while training.

Template's file: updates replace it. To change it, subclass ``DropPath`` in your model.py.
"""

import torch.nn.functional as F
from einops import einsum
from jaxtyping import Float
from torch import Tensor, nn


class DropPath(nn.Module):
    """Drops a residual branch for whole samples, so that a batch trains many depths at once.

    Stochastic depth, Huang et al. 2016 (arXiv:1603.09382): each sample keeps its branch with
    probability ``1 - rate`` and is scaled by its inverse; in evaluation nothing happens.

    Args:
        rate: Probability that a sample skips the branch.

    Shape:
        - x: ``(batch, ...)``
        - output: ``(batch, ...)``
    """

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch ..."]:
        if not self.training or self.rate == 0:
            return x
        keep = F.dropout(x.new_ones(len(x)), self.rate)  # (batch): 0 or 1 / (1 - rate)
        return einsum(x, keep, "batch ..., batch -> batch ...")

    def extra_repr(self) -> str:
        return f"{self.rate}"
