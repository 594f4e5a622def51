"""Attention, written once for every model.

Template's file: updates replace it. To change it, subclass ``Attention`` in your model.py.
"""

import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn


class Attention(nn.Module):
    r"""Multi-head attention with grouped key/value heads.

    :math:`\mathrm{softmax}(Q K^\top / \sqrt{d})\, V`, Vaswani et al. 2017 (arXiv:1706.03762,
    section 3.2); several query heads may share one key/value head, Ainslie et al. 2023
    (arXiv:2305.13245).

    Args:
        dim: Channels of the tokens that ask.
        num_heads: Query heads; divides ``dim``.
        num_kv_heads: Key/value heads; divides ``num_heads``, and 1 is multi-query attention.
        context_dim: Channels of the tokens that answer.

    Shape:
        - x: ``(batch, queries, dim)``
        - context: ``(batch, keys, context_dim)``; ``x`` itself when left out
        - mask: ``(batch, queries, keys)``, True where a query may look
        - output: ``(batch, queries, dim)``

    Raises:
        ValueError: The heads do not divide.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        num_kv_heads: int | None = None,
        context_dim: int | None = None,
    ) -> None:
        super().__init__()
        num_kv_heads = num_kv_heads or num_heads
        if dim % num_heads or num_heads % num_kv_heads:
            raise ValueError(f"{dim=} / {num_heads=} / {num_kv_heads=}: each must divide the last")
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        kv_dim = dim // num_heads * num_kv_heads
        self.query = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(context_dim or dim, kv_dim, bias=False)
        self.value = nn.Linear(context_dim or dim, kv_dim, bias=False)
        self.output = nn.Linear(dim, dim, bias=False)

    def forward(
        self,
        x: Float[Tensor, "batch queries dim"],
        context: Float[Tensor, "batch keys context_dim"] | None = None,
        mask: Bool[Tensor, "batch queries keys"] | None = None,
    ) -> Float[Tensor, "batch queries dim"]:
        context = x if context is None else context
        split = "batch tokens (heads channels) -> batch heads tokens channels"
        merge = "batch heads tokens channels -> batch tokens (heads channels)"
        q = rearrange(self.query(x), split, heads=self.num_heads)
        k = rearrange(self.key(context), split, heads=self.num_kv_heads)
        v = rearrange(self.value(context), split, heads=self.num_kv_heads)
        if mask is not None:
            mask = rearrange(mask, "batch queries keys -> batch 1 queries keys")  # all heads alike
        y = F.scaled_dot_product_attention(q, k, v, mask, enable_gqa=True)
        return self.output(rearrange(y, merge))
