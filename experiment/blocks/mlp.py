"""The layers that work on each token alone.

Template's file: updates replace it. To change one, subclass it in your model.py.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class MLP(nn.Module):
    r"""Two linear layers with a GELU between them.

    :math:`W_2\, \mathrm{gelu}(W_1 x + b_1) + b_2`, Vaswani et al. 2017 (arXiv:1706.03762,
    section 3.3) with the activation of Hendrycks & Gimpel 2016 (arXiv:1606.08415).

    Args:
        dim: Channels that come and leave.
        hidden_dim: Channels in between; ``4 * dim`` when left out.
        dropout: Share of the hidden activations that training sets to zero.

    Shape:
        - x: ``(..., dim)``
        - output: ``(..., dim)``
    """

    def __init__(self, dim: int, hidden_dim: int | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        hidden_dim = hidden_dim or 4 * dim
        self.hidden = nn.Linear(dim, hidden_dim)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_dim, dim)

    def forward(self, x: Float[Tensor, "... dim"]) -> Float[Tensor, "... dim"]:
        x = F.gelu(self.hidden(x))  # (..., hidden_dim)
        return self.output(self.dropout(x))


class SwiGLU(nn.Module):
    r"""An MLP whose hidden channels are gated.

    :math:`W_2\, (\mathrm{silu}(W_g x) \odot W_1 x)`, Shazeer 2020 (arXiv:2002.05202), without
    biases. Three matrices in place of two: with ``hidden_dim`` left out, 2/3 of the MLP's usual
    width, so that it has as many weights.

    Args:
        dim: Channels that come and leave.
        hidden_dim: Channels in between; ``8/3 * dim``, rounded up to a multiple of 8, when left
            out.
        dropout: Share of the hidden activations that training sets to zero.

    Shape:
        - x: ``(..., dim)``
        - output: ``(..., dim)``
    """

    def __init__(self, dim: int, hidden_dim: int | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        hidden_dim = hidden_dim or 8 * -(-dim // 3)
        self.gate = nn.Linear(dim, hidden_dim, bias=False)
        self.hidden = nn.Linear(dim, hidden_dim, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_dim, dim, bias=False)

    def forward(self, x: Float[Tensor, "... dim"]) -> Float[Tensor, "... dim"]:
        x = F.silu(self.gate(x)) * self.hidden(x)  # (..., hidden_dim)
        return self.output(self.dropout(x))
