"""How this experiment learns: loss and metrics. Yours; the rest is in ``core/module/module.py``."""

import torch.nn.functional as F
from torch import Tensor
from torchmetrics.classification import MulticlassAccuracy

from .config import Config
from .core.module import Module
from .data import Batch, Facts
from .model import RelationNetwork


class ExperimentModule(Module):
    """Classification by cross-entropy, of what the data's facts name."""

    config: Config

    def __init__(self, config: Config, facts: Facts) -> None:
        super().__init__(config, facts)
        self.class_names = facts.class_names
        self.model = RelationNetwork(config.model, facts)
        # 7. What is measured? Any of torchmetrics', in validation and testing.
        self.add_metrics({"accuracy": MulticlassAccuracy(len(facts.class_names), average="micro")})

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "test")

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, object]:
        """9. What does ``predict`` answer? One column a key, one entry an example."""
        confidence, label = self.model(batch.cards).softmax(dim=1).max(dim=1)  # each (batch,)
        return {"class": [self.class_names[i] for i in label.tolist()], "confidence": confidence}

    def _step(self, batch: Batch, split: str) -> Tensor:
        """6. What is the loss? And what it adds to the epoch's means and metrics."""
        logits = self.model(batch.cards)  # (batch, classes)
        loss = F.cross_entropy(logits, batch.label)
        self.average(split, len(batch.label), loss=loss)
        if split != "train":
            self.update_metrics(split, logits, batch.label)
        return loss
