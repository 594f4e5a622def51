"""The weights that a network starts from.

Template's file: updates replace it. To start otherwise, write your own loop in your model.py.
"""

import math

from torch import nn


def init_transformer(model: nn.Module, num_blocks: int, std: float = 0.02) -> None:
    """Small normal weights, smaller still where a branch is added to the residual stream.

    Radford et al. 2019 (GPT-2, section 2.3): each of the ``2 * num_blocks`` branches starts with
    a last layer of ``std / sqrt(2 * num_blocks)``, so that their sum does not grow with depth.

    Args:
        model: Its linear layers and embeddings are drawn, biases set to zero; a linear layer that
            is called ``output`` ends a branch.
        num_blocks: Transformer blocks, of two branches each.
        std: Standard deviation of all other weights.
    """
    for name, part in model.named_modules():
        if not isinstance(part, nn.Linear | nn.Embedding):
            continue
        ends_branch = name.split(".")[-1] == "output"
        nn.init.normal_(part.weight, std=std / math.sqrt(2 * num_blocks) if ends_branch else std)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)
