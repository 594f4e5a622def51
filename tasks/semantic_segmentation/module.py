"""How this experiment learns: the loss and the metrics.

This file is yours. The optimizer, the schedule and the logging come from ``core/module/module.py``,
whose docstring says how to override each.
"""

import torch.nn.functional as F
from torch import Tensor

from .config import Config
from .core.data import masks
from .core.module import MaskOverlap, Module
from .data import Batch, Facts
from .model import build_model


class ExperimentModule(Module):
    """A class for each pixel by cross-entropy, measured by the mean overlap over all classes.

    Args:
        config: The whole configuration.
        facts: Number and names of the classes, size and statistics of the images.
    """

    config: Config

    def __init__(self, config: Config, facts: Facts) -> None:
        super().__init__(config, facts)
        self.facts, self.class_names = facts, facts.class_names
        self.model = build_model(config.model, facts)
        self.add_metrics({"overlap": MaskOverlap(facts.num_classes, masks.IGNORED)})

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "test")

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, object]:
        """One column a key, one entry an image: what each of its own pixels shows.

        ``classes`` are shares of the pixels, ``mask`` is a picture of class numbers, ``overlay``
        the image in their colours; ``predict`` writes pictures as PNG beside its table.
        """
        found = self.model(batch.image).argmax(dim=1).byte()  # (batch, height, width)
        shares, pictures, overlays = [], [], []
        for image, square, size in zip(self._visible(batch.image), found, batch.size, strict=True):
            mask = masks.out_of_square(square, size)
            shares.append(self._shares(mask))
            pictures.append(masks.class_picture(mask, self.class_names))
            shown = masks.out_of_square(image, size)
            overlays.append(masks.overlay(shown, mask, self.class_names))
        return {"classes": shares, "mask": pictures, "overlay": overlays}

    def _step(self, batch: Batch, split: str) -> Tensor:
        """The loss of a batch, and its share of the epoch's metrics."""
        logits = self.model(batch.image)  # (batch, classes, height, width)
        counted = (batch.mask != masks.IGNORED).sum().clamp(min=1)
        targets, ignored = batch.mask.long(), masks.IGNORED
        losses = F.cross_entropy(logits, targets, ignore_index=ignored, reduction="none")
        loss = losses.sum() / counted  # 0, not 0 / 0, of a batch in which no pixel counts
        self.average(split, counted, loss=loss)
        if split != "train":
            self.update_metrics(split, logits.argmax(dim=1), batch.mask)
        return loss

    def _visible(self, image: Tensor) -> Tensor:
        """Images as they were before they were normalised, from 0 to 1."""
        mean, std = (image.new_tensor(v).view(-1, 1, 1) for v in (self.facts.mean, self.facts.std))
        return (image * std + mean).clamp(0, 1)

    def _shares(self, mask: Tensor) -> dict[str, float]:
        """Which share of an image's pixels shows each class that there is."""
        counts = mask.flatten().bincount().cpu() / mask.numel()
        return {self.class_names[i]: round(counts[i].item(), 4) for i in counts.nonzero().flatten()}
