"""Objects that augmentation pushes out of the image, or erases.

Template's file: updates replace it. Of some training examples, each made as in four epochs: more
than a tenth of the objects that have a box, or of the classes that have some pixels of a mask, are
gone in what the model gets. A crop may well lose one now and then; no peer looks at it.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ....data.masks.masked_images import IGNORED
from ...report.seriousness import Seriousness
from ..evidence import Evidence, share
from ..inspection import Finding
from ..loaded import loaded
from ..looks.sample_look import LABELS

EPOCHS = 4
MOST_LOST = 0.1
LEAST_PIXELS = 16  # of a class, or it is too small to be spoken of
ADVICE = "Let transforms() in data.py crop, shift and erase less: what is gone is not learned."


def find(evidence: Evidence) -> Iterable[Finding]:
    before = loaded(evidence, "train", transformed=False) if "train" in evidence.splits else None
    there = None if before is None else objects(before.tensors(), LEAST_PIXELS)
    if before is None or there is None or not there.any():
        return
    lost = np.zeros(len(there))
    for epoch in range(EPOCHS):
        after = loaded(evidence, "train", epoch)
        left = None if after is None else objects(after.tensors(), 1)
        if left is None or len(left) != len(there):
            return
        classes = min(left.shape[1], there.shape[1])
        remaining = np.zeros_like(there)
        remaining[:, :classes] = left[:, :classes]
        lost += np.maximum(there - remaining, 0).sum(axis=1)
    part = float(lost.sum() / (EPOCHS * there.sum()))
    if part > MOST_LOST:
        text = f"augmentation loses {share(part)} of the objects in the training examples"
        order = [place for place in np.argsort(-lost, kind="stable") if lost[place]]
        groups = [[("train", int(before.places[place]))] for place in order]
        yield evidence.grouped("objects_lost", Seriousness.WARNING, text, ADVICE, groups)


def objects(fields: Mapping[str, Tensor], least: int) -> NDArray[np.int64] | None:
    """How many objects of each class each example has; None where it has no boxes and no mask.

    Args:
        fields: Of a batch: whole numbers ``(examples, objects)``, named as labels are, beside
            ``boxes``; or ``mask``, ``(examples, height, width)``.
        least: So many pixels of a mask make a class be there, once.
    """
    plain = {name: field.as_subclass(torch.Tensor).numpy() for name, field in fields.items()}
    label = next((plain[name] for name in LABELS if name in plain), None)
    mask, boxes = plain.get("mask"), plain.get("boxes")
    if label is not None and boxes is not None and label.shape == boxes.shape[:2]:
        sides = (boxes[..., 2:] - boxes[..., :2]).min(axis=-1)
        return _counted(
            [row[(row >= 0) & (side > 0)] for row, side in zip(label, sides, strict=True)]
        )
    if mask is not None and mask.ndim == 3 and mask.dtype.kind in "iu":
        rows = [row[(row >= 0) & (row != IGNORED)] for row in mask.reshape(len(mask), -1)]
        return (_counted(rows) >= least).astype(np.int64)
    return None


def _counted(rows: list[NDArray[np.integer]]) -> NDArray[np.int64]:
    classes = 1 + max((int(row.max()) for row in rows if row.size), default=0)
    return np.stack([np.bincount(row.ravel(), minlength=classes) for row in rows])
