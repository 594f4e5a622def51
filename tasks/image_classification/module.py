"""How this experiment learns: the loss and the metrics.

This file is yours. The optimizer, the schedule and the logging come from ``core/module/module.py``,
whose docstring says how to override each.
"""

import torch.nn.functional as F
from torch import Tensor
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from .config import Config
from .core.module import Module
from .data import Batch, Facts
from .model import build_model


class ExperimentModule(Module):
    """Classification by cross-entropy.

    Args:
        config: The whole configuration.
        facts: Number and names of the classes, size and statistics of the images.
    """

    config: Config

    def __init__(self, config: Config, facts: Facts) -> None:
        super().__init__(config, facts)
        self.class_names = facts.class_names
        self.model = build_model(config.model, facts)
        classes = facts.num_classes
        self.add_metrics(
            {
                "accuracy": MulticlassAccuracy(classes, average="micro", validate_args=False),
                "f1": MulticlassF1Score(classes, average="macro", validate_args=False),
            }
        )

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "test")

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, object]:
        """One column a key, one entry an image: the class and how sure the model is of it."""
        confidence, label = self.model(batch.image).softmax(dim=1).max(dim=1)  # each (batch,)
        return {"class": [self.class_names[i] for i in label.tolist()], "confidence": confidence}

    def _step(self, batch: Batch, split: str) -> Tensor:
        """The loss of a batch, and its share of the epoch's metrics."""
        logits = self.model(batch.image)  # (batch, classes)
        smoothing = self.config.label_smoothing if split == "train" else 0.0
        loss = F.cross_entropy(logits, batch.label, label_smoothing=smoothing)
        self.average(split, len(batch.label), loss=loss)
        if split == "train":  # a cheap mean: torchmetrics in each step would cost as much as it
            accuracy = (logits.argmax(dim=1) == batch.label).float().mean()
            self.average(split, len(batch.label), accuracy=accuracy)
        else:
            self.update_metrics(split, logits, batch.label)
        return loss
