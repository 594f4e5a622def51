"""Attention to the past, with a memory of it for sampling.

Template's file: updates replace it. To change it, subclass ``CausalAttention`` in your model.py.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from .rotary import RotaryPositions


@dataclass
class KeyValueCache:
    """The keys and values of one layer for the tokens seen so far.

    Attributes:
        keys: ``(batch, kv_heads, tokens, head_dim)``, already turned; None before the first token.
        values: ``(batch, kv_heads, tokens, head_dim)``
    """

    keys: Float[Tensor, "batch kv_heads tokens head_dim"] | None = None
    values: Float[Tensor, "batch kv_heads tokens head_dim"] | None = None

    def __len__(self) -> int:
        """Tokens seen so far."""
        return 0 if self.keys is None else self.keys.shape[2]

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add the newest tokens, ``(batch, kv_heads, new, head_dim)``; all of them come back."""
        if self.keys is not None and self.values is not None:
            keys = torch.cat([self.keys, keys], dim=2)
            values = torch.cat([self.values, values], dim=2)
        self.keys, self.values = keys, values
        return keys, values


class CausalAttention(nn.Module):
    r"""Multi-head attention in which a token sees itself and what came before it.

    Vaswani et al. 2017 (arXiv:1706.03762, section 3.2.3), with rotary positions (Su et al. 2021,
    arXiv:2104.09864) and grouped key/value heads (Ainslie et al. 2023, arXiv:2305.13245). With a
    cache, only the newest tokens are given, and the result is what all of them would have given.

    Args:
        dim: Channels of a token.
        num_heads: Query heads; divides ``dim``.
        max_tokens: Longest sequence, cached tokens included.
        num_kv_heads: Key/value heads; divides ``num_heads``, and 1 is multi-query attention.
        dropout: Share of the attention's weights that training sets to zero.

    Shape:
        - x: ``(batch, tokens, dim)``
        - output: ``(batch, tokens, dim)``

    Raises:
        ValueError: The heads do not divide.
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
        num_kv_heads = num_kv_heads or num_heads
        if dim % num_heads or num_heads % num_kv_heads:
            raise ValueError(f"{dim=} / {num_heads=} / {num_kv_heads=}: each must divide the last")
        self.num_heads, self.num_kv_heads, self.dropout = num_heads, num_kv_heads, dropout
        kv_dim = dim // num_heads * num_kv_heads
        self.query = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(dim, kv_dim, bias=False)
        self.value = nn.Linear(dim, kv_dim, bias=False)
        self.output = nn.Linear(dim, dim, bias=False)
        self.positions = RotaryPositions(dim // num_heads, max_tokens)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], cache: KeyValueCache | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        split = "batch tokens (heads channels) -> batch heads tokens channels"
        merge = "batch heads tokens channels -> batch tokens (heads channels)"
        past = 0 if cache is None else len(cache)
        q = self.positions(rearrange(self.query(x), split, heads=self.num_heads), past)
        k = self.positions(rearrange(self.key(x), split, heads=self.num_kv_heads), past)
        v = rearrange(self.value(x), split, heads=self.num_kv_heads)
        if cache is not None:
            k, v = cache.append(k, v)
        dropout = self.dropout if self.training else 0.0
        if past:  # the newest tokens come last: torch's is_causal would put them first
            mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=x.device).tril(past)
            y = F.scaled_dot_product_attention(q, k, v, mask, dropout, enable_gqa=True)
        else:
            y = F.scaled_dot_product_attention(
                q, k, v, dropout_p=dropout, is_causal=True, enable_gqa=True
            )
        return self.output(rearrange(y, merge))
