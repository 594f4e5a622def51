"""Normalisation that a transformer's tokens need.

Template's file: updates replace it. To change it, subclass ``RMSNorm`` in your model.py.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class RMSNorm(nn.Module):
    r"""Brings each token to length one, channel for channel on average, and scales it.

    :math:`g\, x / \sqrt{\mathrm{mean}(x^2) + \epsilon}`, Zhang & Sennrich 2019
    (arXiv:1910.07467): layer normalisation without its mean and shift. In float32 whatever the
    precision of ``x``, as in Llama: squares leave the range of float16.

    Args:
        dim: Channels of a token.
        eps: Keeps the division finite.

    Shape:
        - x: ``(..., dim)``
        - output: ``(..., dim)``
    """

    def __init__(self, dim: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Float[Tensor, "... dim"]) -> Float[Tensor, "... dim"]:
        wide = x if x.dtype == torch.float64 else x.float()
        scale = torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + self.eps)  # (..., 1)
        return self.weight.type_as(x) * (wide * scale).type_as(x)
