"""The same order of training examples in each epoch.

Template's file: updates replace it. The loader's first two orders are compared, no threshold.
Wanted where data.sampler is ``sequential``.
"""

from collections.abc import Iterable

import numpy as np

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding

ADVICE = "Let order() in data.py go by its epoch: the same batches each time teach less."


def find(evidence: Evidence) -> Iterable[Finding]:
    data = evidence.data
    if "train" not in evidence.splits or len(evidence.splits["train"]) < 2:
        return
    if data.config.sampler == "sequential" or data.overfits:
        return
    dataset = data.examples("train")
    if np.array_equal(data.order(dataset, 0), data.order(dataset, 1)):
        text = "training examples come in the same order in each epoch"
        yield Finding("same_order", Seriousness.WARNING, text, ADVICE)
