"""Where a token of a sequence stands, told to the attention as an angle.

Template's file: updates replace it. To change it, subclass ``RotaryPositions`` in your model.py.
"""

import torch
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor, nn


class RotaryPositions(nn.Module):
    r"""Turns queries and keys by an angle that grows with their position.

    Channel pair :math:`i` of the token at :math:`t` is turned by :math:`t\, b^{-2i/d}`, so that
    the product of a query and a key depends on their distance alone: Su et al. 2021
    (arXiv:2104.09864, section 3.2). A pair is channel :math:`i` and :math:`i + d/2`, as in GPT-NeoX
    and Llama. Nothing to learn or to store.

    Args:
        dim: Channels of a head; even.
        max_tokens: Longest sequence.
        base: :math:`b`; greater for longer sequences.

    Shape:
        - x: ``(batch, heads, tokens, dim)``
        - start: the position of the first token
        - output: ``(batch, heads, tokens, dim)``

    Raises:
        ValueError: ``dim`` is odd.
    """

    cos: Float[Tensor, "max_tokens half"]
    sin: Float[Tensor, "max_tokens half"]

    def __init__(self, dim: int, max_tokens: int, base: float = 10_000.0) -> None:
        super().__init__()
        if dim % 2:
            raise ValueError(f"{dim=}: channels are turned in pairs")
        frequencies = base ** -(torch.arange(0, dim, 2, dtype=torch.float64) / dim)
        positions = torch.arange(max_tokens, dtype=torch.float64)
        angles = einsum(positions, frequencies, "tokens, half -> tokens half")
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)

    def forward(
        self, x: Float[Tensor, "batch heads tokens dim"], start: int = 0
    ) -> Float[Tensor, "batch heads tokens dim"]:
        tokens = x.shape[2]
        cos = self.cos[start : start + tokens].type_as(x)  # (tokens, half)
        sin = self.sin[start : start + tokens].type_as(x)
        first, second = rearrange(
            x, "batch heads tokens (pair half) -> pair batch heads tokens half", pair=2
        )
        turned = [first * cos - second * sin, first * sin + second * cos]
        return rearrange(turned, "pair batch heads tokens half -> batch heads tokens (pair half)")
