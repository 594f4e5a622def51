"""The network: an example comes, one score a class leaves. Yours; ``blocks/`` has parts."""

import torch
from einops import reduce
from jaxtyping import Float
from torch import Tensor, nn

from .config import ModelConfig
from .data import Facts


class RelationNetwork(nn.Module):
    """5. What does the network do? Compares every two cards (Santoro 2017, arXiv:1706.01427).

    Shape:
        - cards: ``(batch, cards, features)``
        - output: ``(batch, classes)``, logits
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        self.layers = nn.Sequential()
        for inputs in [2 * facts.features] + [config.width] * (config.depth - 1):
            self.layers.append(nn.Linear(inputs, config.width))
            self.layers.append(nn.LayerNorm(config.width))
            self.layers.append(nn.GELU())
        self.head = nn.Linear(config.width, len(facts.class_names))

    def forward(
        self, cards: Float[Tensor, "batch cards features"]
    ) -> Float[Tensor, "batch classes"]:
        count = cards.shape[1]
        first, second = torch.triu_indices(count, count, offset=1, device=cards.device)
        pairs = torch.cat([cards[:, first], cards[:, second]], dim=2)
        x = self.layers(pairs)  # (batch, pairs, width)
        return self.head(reduce(x, "batch pairs width -> batch width", "max"))
