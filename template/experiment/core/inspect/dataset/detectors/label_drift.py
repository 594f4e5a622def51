"""Classes whose shares differ between training and another split.

Template's file: updates replace it. Cramér's V above 0.15 (deepchecks' "label drift"), and by chi
square not by chance: farther than five deviations.
"""

from collections.abc import Iterable

import numpy as np

from ...report.seriousness import Seriousness
from ..evidence import Evidence, share
from ..inspection import Finding
from ..split_look import class_counts

THRESHOLD = 0.15
DEVIATIONS = 5.0
ADVICE = "Split each class alike, or say on purpose that it is so: a score then means another mix."


def find(evidence: Evidence) -> Iterable[Finding]:
    counts = {name: class_counts(split, evidence)[0] for name, split in evidence.splits.items()}
    train = counts.get("train")
    for name, other in counts.items():
        if not train or not other or name in ("train", "unlabelled"):
            continue
        classes = sorted({*train, *other})
        table = np.array([[part.get(one, 0) for one in classes] for part in (train, other)], float)
        table = table[:, table.sum(axis=0) > 0]
        classes = [one for one in classes if train.get(one, 0) + other.get(one, 0)]
        strength, deviations = _cramer(table)
        if strength > THRESHOLD and deviations > DEVIATIONS:
            shares = table / table.sum(axis=1, keepdims=True)
            most = int(np.abs(shares[0] - shares[1]).argmax())
            text = f"classes are otherwise frequent in {name} than in train: {classes[most]} is "
            text += f"{share(shares[1, most])} there, {share(shares[0, most])} in train"
            text += f" (Cramér's V {strength:.2f})"
            yield Finding("label_drift", Seriousness.WARNING, text, ADVICE)


def _cramer(table: np.ndarray) -> tuple[float, float]:
    """Cramér's V, and how many deviations chi square lies above what chance gives."""
    total = table.sum()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / total
    chi = float(((table - expected) ** 2 / expected).sum())
    free = table.shape[1] - 1
    if not free:
        return 0.0, 0.0
    return float(np.sqrt(chi / total)), (chi - free) / float(np.sqrt(2 * free))
