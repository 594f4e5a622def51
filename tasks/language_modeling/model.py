"""The network: tokens come, scores of the next token leave.

Yours: edit it, or write another network and build it in module.py.
"""

import math
from collections.abc import Sequence

from jaxtyping import Float, Int64
from torch import Tensor, nn

from .blocks.causal import KeyValueCache
from .blocks.initialization import init_transformer
from .blocks.norms import RMSNorm
from .blocks.transformer import DecoderBlock
from .config import ModelConfig
from .data import Facts


class LanguageModel(nn.Module):
    """A decoder-only transformer as in Llama, Touvron et al. 2023 (arXiv:2302.13971).

    Each token is told what comes next from itself and the tokens before it. With tied embeddings
    (Press & Wolf 2016, arXiv:1608.05859) one matrix reads tokens and scores them.

    Args:
        config: Its size.
        facts: Size of the vocabulary and of the window.

    Shape:
        - tokens: ``(batch, window)``; with caches the newest tokens only
        - output: ``(batch, window, vocabulary)``, logits of each token's successor
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        dim = config.dim
        self.embedding = nn.Embedding(facts.vocab_size, dim)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            DecoderBlock(dim, config.num_heads, facts.window, config.num_kv_heads, config.dropout)
            for _ in range(config.depth)
        )
        self.norm = RMSNorm(dim)
        self.head = nn.Linear(dim, facts.vocab_size, bias=False)
        init_transformer(self, config.depth)
        if config.tie_embeddings:
            self.head.weight = self.embedding.weight

    def forward(
        self,
        tokens: Int64[Tensor, "batch window"],
        caches: Sequence[KeyValueCache] | None = None,
    ) -> Float[Tensor, "batch window vocabulary"]:
        # As long as what the blocks add, though small as scores: Vaswani et al. 2017, section 3.4.
        x = self.embedding(tokens) * math.sqrt(self.embedding.embedding_dim)
        x = self.dropout(x)  # (batch, window, dim)
        for block, cache in zip(self.blocks, caches or [None] * len(self.blocks), strict=True):
            x = block(x, cache)
        return self.head(self.norm(x))

    def empty_caches(self) -> list[KeyValueCache]:
        """One a block, to be filled by ``forward``."""
        return [KeyValueCache() for _ in self.blocks]
