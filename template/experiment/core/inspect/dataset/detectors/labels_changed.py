"""A class that augmentation changes.

Template's file: updates replace it. A field of whole numbers, one an example, named as labels are,
is compared before and after the transform of the training split. No threshold. Labels that become
another kind of number, mixed ones say, are none of its business.
"""

from collections.abc import Iterable

import numpy as np
import torch

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding
from ..loaded import loaded
from ..looks.sample_look import LABELS

ADVICE = "See transforms() in data.py: what changes the picture must not change what it shows."


def find(evidence: Evidence) -> Iterable[Finding]:
    if "train" not in evidence.splits:
        return
    before, after = loaded(evidence, "train", transformed=False), loaded(evidence, "train")
    if before is None or after is None:
        return
    found = after.tensors()
    for name, field in before.tensors().items():
        other = found.get(name)
        if name not in LABELS or field.ndim != 1 or field.is_floating_point() or other is None:
            continue
        if other.shape != field.shape or other.dtype != field.dtype:
            continue
        differs = (field.as_subclass(torch.Tensor) != other.as_subclass(torch.Tensor)).numpy()
        if differs.any():
            places = before.places[np.flatnonzero(differs)].tolist()
            text = f"augmentation changes {name} of {len(places)} in {len(field)} training examples"
            groups = [[("train", place)] for place in places]
            yield evidence.grouped("labels_changed", Seriousness.ERROR, text, ADVICE, groups)
