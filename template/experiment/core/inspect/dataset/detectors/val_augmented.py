"""Random changes to examples that a model is scored on.

Template's file: updates replace it. The same examples are made by the seeds of two epochs; a field
that differs was changed at random. No threshold.
"""

from collections.abc import Iterable

import torch

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding
from ..loaded import loaded, scored

ADVICE = "Let transforms(split) in data.py augment where split is train alone."


def find(evidence: Evidence) -> Iterable[Finding]:
    for split in scored(evidence):
        one, other = loaded(evidence, split, epoch=0), loaded(evidence, split, epoch=1)
        if split == "train" or one is None or other is None:
            continue
        others = other.tensors()
        changed = [
            name
            for name, field in one.tensors().items()
            if not _same(field.as_subclass(torch.Tensor), others[name].as_subclass(torch.Tensor))
        ]
        if changed:
            text = f"{split} is changed at random: {', '.join(changed)} of the same examples "
            text += "differs from one epoch to the next"
            yield Finding("val_augmented", Seriousness.WARNING, text, ADVICE)


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, equal_nan=True)
