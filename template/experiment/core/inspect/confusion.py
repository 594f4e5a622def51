"""Which class was taken for which: counted, batch by batch, for classes, pixels and objects.

Template's file: updates replace it. How it is drawn: confusion_drawing.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from numpy import ndarray
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import box_iou

from .outcomes import BoxOutcome, ClassOutcome, MaskOutcome, Outcome

NOTHING = "(nothing)"  # beside the classes of objects: what was missed, and what is not there
OVERLAP = 0.5  # of a box and what it was taken for


@dataclass
class Confusion:
    """How often each class was taken for which.

    Args:
        names: Of the classes; for objects, ``NOTHING`` stands last.
        counted: ``examples``, ``pixels`` or ``objects``.
        counts: Of each true class, a row, what it was taken for.
        title: What it was counted on, such as ``test``.

    Shape:
        - counts: ``(classes, classes)``
    """

    names: list[str]
    counted: str
    counts: Int64[ndarray, "classes classes"]
    title: str = ""

    @property
    def total(self) -> int:
        """How many are really there; what was found where nothing is does not count."""
        rows = self.counts[:-1] if self.counted == "objects" else self.counts
        return int(rows.sum())

    @property
    def right(self) -> int:
        """How many were taken for what they are."""
        return int(self.counts.diagonal().sum())

    def mistakes(self, most: int) -> list[tuple[str, str, int]]:
        """What is taken for what, how often; the most frequent first."""
        wrong = self.counts * (1 - np.eye(len(self.counts), dtype=np.int64))
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        pairs = [divmod(int(place), len(wrong)) for place in order]
        return [
            (self.names[true], self.names[taken], int(wrong[true, taken]))
            for true, taken in pairs
            if wrong[true, taken]
        ]

    def table(self) -> tuple[list[str], list[list[object]]]:
        """Head and rows of a table: of objects what became of each class, else all counts."""
        if self.counted != "objects":
            rows = zip(self.names, self.counts.tolist(), strict=True)
            return ["true", *self.names], [[name, *row] for name, row in rows]
        there, found = self.counts[:-1].sum(axis=1), self.counts.diagonal()[:-1]
        missed, spurious = self.counts[:-1, -1], self.counts[-1, :-1]
        columns = (there, found, there - found - missed, missed, spurious)
        rows = zip(self.names[:-1], *(column.tolist() for column in columns), strict=True)
        head = ["class", "objects", "found", "taken for another", "missed", "spurious"]
        return head, [list(row) for row in rows]


def counts_of(
    outcome: Outcome, num_classes: int, sure: float
) -> tuple[str, NDArray[np.int64]] | None:
    """What a batch adds: what is counted, and how often which class was taken for which.

    Args:
        outcome: Of the batch.
        num_classes: Classes that there are.
        sure: Detections of less confidence do not count.

    Returns:
        None for what has no classes.

    Shape:
        - output: ``(classes, classes)``; for objects, one more of each
    """
    match outcome:
        case ClassOutcome(chances, labels):
            return "examples", _counted(labels, chances.argmax(dim=1), num_classes)
        case MaskOutcome(predicted, mask):
            return "pixels", _counted(mask, predicted, num_classes)
        case BoxOutcome():
            return "objects", _objects(outcome, num_classes, sure)
    return None


def _counted(true: Tensor, taken: Tensor, num_classes: int) -> NDArray[np.int64]:
    """How often each pair is there; a number that no class has does not count."""
    true, taken = true.flatten().long(), taken.flatten().long()
    known = (true >= 0) & (true < num_classes) & (taken >= 0) & (taken < num_classes)
    pairs = torch.where(known, true * num_classes + taken, num_classes**2)
    counts = torch.bincount(pairs, minlength=num_classes**2 + 1)[:-1]
    return counts.view(num_classes, num_classes).cpu().numpy()


def _objects(outcome: BoxOutcome, num_classes: int, sure: float) -> NDArray[np.int64]:
    counts = np.zeros((num_classes + 1, num_classes + 1), dtype=np.int64)
    for image in images_of(outcome):
        kept = image.confidence >= sure
        order = np.flatnonzero(kept)[np.argsort(-image.confidence[kept], kind="stable")]
        labels = image.found_labels[order]
        match = matched(image.overlaps[order], labels, image.labels)
        taken = np.full(len(image.labels), num_classes)
        taken[match[match >= 0]] = labels[match >= 0]
        np.add.at(counts, (image.labels, taken), 1)
        np.add.at(counts[num_classes], labels[match < 0], 1)
    return counts


@dataclass
class ImageBoxes:
    """The boxes of one image, those that were found and the true ones.

    Shape:
        - found: ``(found, 4)``
        - found_labels, confidence: ``(found,)``
        - true: ``(objects, 4)``
        - labels: ``(objects,)``
        - overlaps: ``(found, objects)``, intersection over union
    """

    found: Float[ndarray, "found 4"]
    found_labels: Int64[ndarray, " found"]
    confidence: Float[ndarray, " found"]
    true: Float[ndarray, "objects 4"]
    labels: Int64[ndarray, " objects"]
    overlaps: Float[ndarray, "found objects"]


def images_of(outcome: BoxOutcome) -> list[ImageBoxes]:
    """The images of a batch one by one, without the padding."""
    images = []
    for at, number, sure, true, label in zip(*(part.cpu() for part in outcome), strict=True):
        found, there = number >= 0, label >= 0
        at, true = at[found].float(), true[there].float()
        images.append(
            ImageBoxes(
                at.numpy(),
                number[found].long().numpy(),
                sure[found].float().numpy(),
                true.numpy(),
                label[there].long().numpy(),
                box_iou(at, true).numpy(),
            )
        )
    return images


def matched(
    overlaps: Float[ndarray, "found objects"],
    found_labels: Int64[ndarray, " found"],
    labels: Int64[ndarray, " objects"],
) -> Int64[ndarray, " found"]:
    """The true box that each found one is of, -1 for none; the surest come first.

    Each takes the free box of its class that it overlaps most, ``OVERLAP`` at least; those left
    over then take what is left of other classes.
    """
    match = np.full(len(found_labels), -1)
    free = np.ones(len(labels), dtype=bool)
    same = found_labels[:, None] == labels[None, :]
    for allowed in (same, ~same):
        for place in np.flatnonzero(match < 0).tolist():
            good: Bool[ndarray, " objects"] = free & allowed[place] & (overlaps[place] >= OVERLAP)
            if good.any():
                match[place] = int(np.where(good, overlaps[place], -1.0).argmax())
                free[match[place]] = False
    return match


def named_confusion(
    names: Sequence[str], counted: str, counts: NDArray[np.int64], title: str
) -> Confusion:
    """Counts with the names of their classes."""
    rest = [NOTHING] if counted == "objects" else []
    return Confusion([*map(str, names), *rest], counted, counts, title)
