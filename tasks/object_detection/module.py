"""How this experiment learns: the loss and the metrics.

This file is yours. The optimizer, the schedule and the logging come from ``core/module/module.py``,
whose docstring says how to override each.
"""

import torch
from torch import Tensor

from .config import Config
from .core.data import boxes
from .core.module import BoxPrecision, Module
from .data import Batch, Facts
from .model import build_model


class ExperimentModule(Module):
    """Detection by the network's own loss, measured by the mean average precision.

    Args:
        config: The whole configuration.
        facts: Number and names of the classes, size and statistics of the images.
    """

    config: Config

    def __init__(self, config: Config, facts: Facts) -> None:
        super().__init__(config, facts)
        self.class_names = facts.class_names
        self.model = build_model(config.model, facts)
        self.add_metrics({"precision": BoxPrecision()})

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "test")

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, object]:
        """One column a key, one entry an image: its boxes in its own pixels, their classes, ..."""
        found = self.model.detect(batch.image)
        corners = boxes.out_of_square(found.boxes, batch.size, batch.image.shape[-1])
        sure = found.confidence >= self.config.model.min_confidence
        within = (corners[..., 2:] > corners[..., :2]).all(dim=2)  # not in the square's border
        there = sure & within & (found.label >= 0)  # (batch, detections)
        return {
            "boxes": _lists(corners, there, decimals=1),
            "class": [[self.class_names[i] for i in row] for row in _lists(found.label, there)],
            "confidence": _lists(found.confidence, there, decimals=3),
        }

    def _step(self, batch: Batch, split: str) -> Tensor:
        """The loss of a batch, and its share of the epoch's metrics."""
        losses = self.model.loss(batch.image, batch.boxes, batch.label)
        loss = torch.stack(list(losses.values())).sum()
        self.average(split, len(batch.label), loss=loss, **losses)
        if split != "train":
            found = self.model.detect(batch.image)
            self.update_metrics(split, found, batch.boxes, batch.label)
        return loss


def _lists(values: Tensor, there: Tensor, decimals: int = 0) -> list[list]:
    """Of each image the entries that are there, rounded."""
    rounded = values.cpu().double().round(decimals=decimals) if decimals else values.cpu()
    return [row[kept].tolist() for row, kept in zip(rounded, there.cpu(), strict=True)]
