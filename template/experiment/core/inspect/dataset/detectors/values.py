"""Values that a model cannot have been made for: not finite, or outside of what the facts promise.

Template's file: updates replace it. Images lie between black and white as the facts' mean and std
normalise them, but for a hundredth; class numbers are -1 or below num_classes, tokens below
vocab_size. Looked at are 32 examples of each split, as the loader gives them.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding
from ..loaded import loaded, scored

ROOM = 0.01  # of the distance from black to white
ADVICE = "See transforms() in data.py, and the facts: one of them is not what the other thinks."


def find(evidence: Evidence) -> Iterable[Finding]:
    for split in scored(evidence):
        examples = loaded(evidence, split)
        if examples is None:
            continue
        for name, field in examples.tensors().items():
            fault = _fault(name, field.as_subclass(Tensor), evidence.facts)
            if fault:
                text = f"{split}: {name} {fault}"
                yield Finding("values", Seriousness.ERROR, text, ADVICE)


def _fault(name: str, field: Tensor, facts: object) -> str:
    if field.is_floating_point() and not field.isfinite().all():
        return f"has {int((~field.isfinite()).sum()):,} values that are not finite"
    if name == "image" and field.is_floating_point() and field.ndim == 4:
        return _beyond(field, facts)
    most = {"label": "num_classes", "tokens": "vocab_size", "targets": "vocab_size"}.get(name)
    limit = getattr(facts, most, None) if most else None
    if limit is None or field.is_floating_point() or not field.numel():
        return ""
    low, high = int(field.min()), int(field.max())
    if low < -1 or high >= limit:
        return f"has the number {low if low < -1 else high}; expected are -1 to {limit - 1}"
    return ""


def _beyond(image: Tensor, facts: object) -> str:
    mean, std = getattr(facts, "mean", None), getattr(facts, "std", None)
    if not mean or not std or len(mean) != image.shape[1]:
        return ""
    shape = (1, -1, 1, 1)
    plain = image * torch.tensor(std).view(shape) + torch.tensor(mean).view(shape)
    low, high = float(plain.min()), float(plain.max())
    if low >= -ROOM and high <= 1 + ROOM:
        return ""
    return f"lies from {low:.2f} to {high:.2f} once mean and std are undone; expected is 0 to 1"
