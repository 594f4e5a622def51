"""The transformer's blocks.

Template's file: updates replace it. To change one, subclass it in your model.py.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from .attention import Attention
from .causal import CausalAttention, KeyValueCache
from .drop_path import DropPath
from .mlp import MLP, SwiGLU
from .norms import RMSNorm


class EncoderBlock(nn.Module):
    """Attention between the tokens, then an MLP on each, both added to what came in.

    Pre-norm, ``x + attention(norm(x))`` and then ``x + mlp(norm(x))``: Xiong et al. 2020
    (arXiv:2002.04745), as in the vision transformer of Dosovitskiy et al. 2020
    (arXiv:2010.11929).

    Args:
        dim: Channels of a token.
        num_heads: Attention heads; divides ``dim``.
        mlp_ratio: Hidden channels of the MLP in multiples of ``dim``.
        dropout: Share of what either branch adds that training sets to zero.
        drop_path: Probability that a sample skips a branch while training.

    Shape:
        - x: ``(batch, tokens, dim)``
        - mask: ``(batch, tokens, tokens)``, True where the first may look at the second
        - output: ``(batch, tokens, dim)``
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = Attention(dim, num_heads)
        self.mlp_norm = nn.LayerNorm(dim)
        self.mlp = MLP(dim, int(mlp_ratio * dim), dropout)
        self.dropout = nn.Dropout(dropout)
        self.drop_path = DropPath(drop_path)

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        mask: Bool[Tensor, "batch tokens tokens"] | None = None,
    ) -> Float[Tensor, "batch tokens dim"]:
        attended = self.attention(self.attention_norm(x), mask=mask)
        x = x + self.drop_path(self.dropout(attended))
        return x + self.drop_path(self.dropout(self.mlp(self.mlp_norm(x))))


class DecoderBlock(nn.Module):
    """Attention to the past, then a gated MLP on each token, both added to what came in.

    Pre-norm with RMSNorm, rotary positions and SwiGLU, without biases: the block of Llama, Touvron
    et al. 2023 (arXiv:2302.13971, section 2.2).

    Args:
        dim: Channels of a token.
        num_heads: Attention heads; divides ``dim``.
        max_tokens: Longest sequence.
        num_kv_heads: Key/value heads; divides ``num_heads``; ``num_heads`` when left out.
        dropout: Share of what either branch adds that training sets to zero.

    Shape:
        - x: ``(batch, tokens, dim)``
        - output: ``(batch, tokens, dim)``
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        max_tokens: int,
        num_kv_heads: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(dim)
        self.attention = CausalAttention(dim, num_heads, max_tokens, num_kv_heads)
        self.mlp_norm = RMSNorm(dim)
        self.mlp = SwiGLU(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], cache: KeyValueCache | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        x = x + self.dropout(self.attention(self.attention_norm(x), cache))
        return x + self.dropout(self.mlp(self.mlp_norm(x)))
