"""How this experiment learns: the loss, the metrics, and how the model goes on with a text.

This file is yours. The optimizer, the schedule and the logging come from ``core/module/module.py``,
whose docstring says how to override each.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.text import Perplexity

from .blocks.generation import chances, generate
from .config import Config
from .core.data.texts import UNSCORED, BytePairs
from .core.module import Module
from .data import Batch, Facts
from .model import LanguageModel


class ExperimentModule(Module):
    """Each token is predicted from those before it, by cross-entropy.

    Args:
        config: The whole configuration.
        facts: The tokenizer, the size of its vocabulary, and of the window.
    """

    config: Config
    token_bytes: Tensor

    def __init__(self, config: Config, facts: Facts) -> None:
        super().__init__(config, facts)
        self.model = LanguageModel(config.model, facts)
        self.window = facts.window
        self.tokenizer = BytePairs(facts.tokenizer)
        sizes = torch.tensor(self.tokenizer.token_bytes)
        self.register_buffer("token_bytes", sizes, persistent=False)
        self.add_metrics({"perplexity": Perplexity(ignore_index=UNSCORED)})

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "test")

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, object]:
        """One column a key, one entry a text: how the model goes on with it, and the text."""
        length, end = self.config.sampling.max_new_tokens, self.tokenizer.end
        tokens = generate(self.model, batch.tokens, length, self.window, self.draw, end)
        tokenizer, prompts = self.tokenizer, batch.tokens
        return {
            "text": [tokenizer.decode_until_end(row) for row in tokens.tolist()],
            "prompt": [tokenizer.decode(row[row >= 0].tolist()) for row in prompts],
        }

    def draw(self, logits: Tensor) -> Tensor:
        """The next token of each text, ``(batch,)``, by the scores ``(batch, vocabulary)``."""
        sampling = self.config.sampling
        p = chances(logits, sampling.temperature, sampling.top_k, sampling.top_p)
        return torch.multinomial(p, num_samples=1).squeeze(1)

    def _step(self, batch: Batch, split: str) -> Tensor:
        """The loss of a batch, and its share of the epoch's metrics."""
        logits, targets = self.model(batch.tokens), batch.targets
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=UNSCORED)
        scored = targets[targets != UNSCORED]  # (tokens,)
        num_bytes = self.token_bytes[scored].sum()
        bits = loss * len(scored) / math.log(2)
        self.average(split, len(scored), loss=loss)
        self.average(split, num_bytes, bits_per_byte=bits / num_bytes)
        if split != "train":
            self.update_metrics(split, logits, targets)
        return loss
