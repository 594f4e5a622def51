"""What a trained model says of the held-out examples: collected batch by batch, for detectors.

Template's file: updates replace it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from numpy import ndarray
from numpy.typing import NDArray
from torch import Tensor

from ..confusion import Confusion, ImageBoxes, counts_of, images_of, matched, named_confusion
from ..outcomes import BoxOutcome, ClassOutcome, MaskOutcome, Outcome, TokenOutcome


@dataclass
class Predicted:
    """What is said of some examples of a split.

    Args:
        indices: Which they are.
        names: Of the classes; none where there are none.
        errors: How wrong each is, NaN where nobody knows: weak_groups.py compares them.
        confusion: Which class was taken for which.

    Shape:
        - indices: ``(examples,)``, rising
        - errors: ``(examples,)``
    """

    kind: ClassVar[str] = ""
    measure: ClassVar[str] = ""  # what the errors are, in words
    indices: Int64[ndarray, " examples"]
    names: list[str]
    errors: Float[ndarray, " examples"]
    confusion: Confusion | None


@dataclass
class PredictedClasses(Predicted):
    """A class each.

    Shape:
        - chances: ``(examples, classes)``
        - labels: ``(examples,)``, below 0 where nobody knows
    """

    kind: ClassVar[str] = "predicted classes"
    measure: ClassVar[str] = "share of wrong ones"
    chances: Float[ndarray, "examples classes"]
    labels: Int64[ndarray, " examples"]


@dataclass
class PredictedBoxes(Predicted):
    """Boxes each."""

    kind: ClassVar[str] = "predicted boxes"
    measure: ClassVar[str] = "share of objects that were missed or are not there"
    images: list[ImageBoxes]


@dataclass
class PredictedMasks(Predicted):
    """A class for each pixel.

    Shape:
        - pixels: ``(examples, 3, classes)``: those of each class in both, true, predicted
    """

    kind: ClassVar[str] = "predicted masks"
    measure: ClassVar[str] = "one minus the mean overlap"
    pixels: Int64[ndarray, "examples 3 classes"]


@dataclass
class PredictedTexts(Predicted):
    """A loss each, in nats a token, which are the errors."""

    kind: ClassVar[str] = "predicted texts"
    measure: ClassVar[str] = "loss a token"


@dataclass
class Collector:
    """Keeps of each batch what detectors go by.

    Args:
        names: Of the classes.
        sure: Detections of less confidence count neither as right nor as wrong.
        title: Of the confusion matrix, such as ``val``.
    """

    names: Sequence[str]
    sure: float
    title: str
    parts: list[tuple[Any, ...]] = field(default_factory=list)
    counts: NDArray[np.int64] | None = None
    counted: str = ""
    kinds: set[type] = field(default_factory=set)

    def add(self, outcome: Outcome) -> int:
        """Keep a batch; how many examples it has."""
        self.kinds.add(type(outcome))
        found = counts_of(outcome, len(self.names), self.sure)
        if found is not None:
            self.counted, counts = found
            self.counts = counts if self.counts is None else self.counts + counts
        match outcome:
            case ClassOutcome(chances, labels):
                self.parts.append((chances.float().cpu().numpy(), labels.long().cpu().numpy()))
            case BoxOutcome():
                self.parts.append((images_of(outcome),))
            case MaskOutcome(predicted, mask):
                self.parts.append((_pixels(predicted, mask, len(self.names)),))
            case TokenOutcome(logits, targets):
                self.parts.append((_losses(logits, targets),))
        return len(outcome[0])

    def predicted(self, indices: NDArray[np.int64]) -> Predicted | None:
        """All that was kept; None where it is nothing, of two kinds, or of other examples.

        Args:
            indices: Of the examples that were shown.
        """
        columns = list(zip(*self.parts, strict=True)) if len(self.kinds) == 1 else []
        if not columns or sum(map(len, columns[0])) != len(indices):
            return None
        confusion = None
        if self.counts is not None:
            confusion = named_confusion(self.names, self.counted, self.counts, self.title)
        names, (kind,) = [str(name) for name in self.names], self.kinds
        if kind is BoxOutcome:
            images = [image for part in columns[0] for image in part]
            errors = np.array([_box_error(image, self.sure) for image in images])
            return PredictedBoxes(indices, names, errors, confusion, images)
        values = [np.concatenate(column) for column in columns]
        if kind is ClassOutcome:
            chances, labels = values
            wrong = np.where(labels < 0, np.nan, chances.argmax(axis=1) != labels)
            return PredictedClasses(indices, names, wrong, confusion, chances, labels)
        if kind is MaskOutcome:
            errors = 1 - _mean_overlap(values[0])
            return PredictedMasks(indices, names, errors, confusion, values[0])
        return PredictedTexts(indices, [], values[0], None)


def overlaps_of(pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Intersection over union of each class in each image; NaN where it is in neither.

    Shape:
        - pixels: ``(images, 3, classes)``
        - output: ``(images, classes)``
    """
    both, true, taken = np.moveaxis(pixels, 1, 0)
    either = true + taken - both
    return np.where(either > 0, both / np.maximum(either, 1), np.nan)


def _mean_overlap(pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Over the classes that are in an image; NaN where no pixel counts, ``(images,)``."""
    overlaps = overlaps_of(pixels)
    there = np.isfinite(overlaps)
    sums = np.where(there, overlaps, 0.0).sum(axis=1)
    return np.where(there.any(axis=1), sums / np.maximum(there.sum(axis=1), 1), np.nan)


def _pixels(predicted: Tensor, mask: Tensor, num_classes: int) -> NDArray[np.int64]:
    counted = (mask >= 0) & (mask < num_classes)
    return np.stack([_of_image(*one, num_classes) for one in zip(predicted, mask, counted)])  # noqa: B905


def _of_image(predicted: Tensor, mask: Tensor, counted: Tensor, classes: int) -> NDArray[np.int64]:
    said, true = predicted[counted].long(), mask[counted].long()
    rows = (true[said == true], true, said)
    return torch.stack([torch.bincount(row, minlength=classes) for row in rows]).cpu().numpy()


def _losses(logits: Tensor, targets: Tensor) -> NDArray[np.float64]:
    """Nats a token of each text; NaN where no token counts."""
    counts = targets >= 0
    losses = F.cross_entropy(
        logits.flatten(0, 1).float(), targets.clamp(min=0).flatten(), reduction="none"
    ).view_as(targets)
    number = counts.sum(dim=1)
    means = (losses * counts).sum(dim=1) / number.clamp(min=1)
    return torch.where(number > 0, means, torch.nan).double().cpu().numpy()


def _box_error(image: ImageBoxes, sure: float) -> float:
    """One minus the F1 score of the boxes of an image; NaN where there is none at all."""
    kept = np.flatnonzero(image.confidence >= sure)
    order = kept[np.argsort(-image.confidence[kept], kind="stable")]
    labels = image.found_labels[order]
    match = matched(image.overlaps[order], labels, image.labels)
    right = int((image.labels[match[match >= 0]] == labels[match >= 0]).sum())
    boxes = len(order) + len(image.labels)
    return 1 - 2 * right / boxes if boxes else np.nan
