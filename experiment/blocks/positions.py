"""Where a token stands.

Template's file: updates replace it. To change it, subclass ``SinCosPositions2d`` in your model.py.
"""

import torch
from einops import einsum, rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn


class SinCosPositions2d(nn.Module):
    r"""Adds to each token of an image waves of its row and of its column.

    A quarter of the channels each for :math:`\sin(\omega_i r), \cos(\omega_i r)` of the row and
    :math:`\sin(\omega_i c), \cos(\omega_i c)` of the column, :math:`\omega_i = 10000^{-4i/d}`:
    Vaswani et al. 2017 (arXiv:1706.03762, section 3.5) in two dimensions, as the plain vision
    transformer of Beyer et al. 2022 (arXiv:2205.01580) has it. Nothing to learn or to store.

    Args:
        rows: Tokens from top to bottom.
        columns: Tokens from left to right.
        dim: Channels of a token; 4 divides it.

    Shape:
        - x: ``(batch, tokens, dim)``, row by row
        - output: ``(batch, tokens, dim)``

    Raises:
        ValueError: 4 does not divide ``dim``.
    """

    positions: Float[Tensor, "tokens dim"]

    def __init__(self, rows: int, columns: int, dim: int) -> None:
        super().__init__()
        if dim % 4:
            raise ValueError(f"{dim=}: sine and cosine of row and column need a multiple of 4")
        frequencies = 10_000 ** -torch.linspace(0, 1, dim // 4 + 1, dtype=torch.float64)[:-1]
        row = repeat(_waves(rows, frequencies), "rows half -> rows columns half", columns=columns)
        column = repeat(
            _waves(columns, frequencies), "columns half -> rows columns half", rows=rows
        )
        positions = rearrange([row, column], "axes rows columns half -> (rows columns) (axes half)")
        self.register_buffer("positions", positions.float(), persistent=False)

    def forward(self, x: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens dim"]:
        return x + self.positions


def _waves(length: int, frequencies: Float[Tensor, " quarter"]) -> Float[Tensor, "length half"]:
    angles = einsum(
        torch.arange(length).to(frequencies), frequencies, "length, quarter -> length quarter"
    )
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
