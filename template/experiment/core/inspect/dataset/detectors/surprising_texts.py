"""Texts that surprise the trained model: a loss a token far from that of the others.

Template's file: updates replace it. More than five deviations above the median, as the median of
all distances from it has them (1.4826 of that is a normal deviation): chance does not get there.
"""

from collections.abc import Iterable

import numpy as np

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding
from ..predicted import PredictedTexts

DEVIATIONS = 5.0
NORMAL = 1.4826
LEAST_TEXTS = 20
ADVICE = "Read the first: another language, debris of a page, tables? Leave out what is no text."


def find(evidence: Evidence) -> Iterable[Finding]:
    parts = list(evidence.predicted_as(PredictedTexts))
    if not parts:
        return
    losses = np.concatenate([part.errors for part in parts])
    positions = [position for part in parts for position in evidence.places(part)]
    known = losses[np.isfinite(losses)]
    if len(known) < LEAST_TEXTS:
        evidence.skip(f"surprising_texts: {len(known)} held-out texts are too few to compare")
        return
    middle = float(np.median(known))
    deviation = max(NORMAL * float(np.median(np.abs(known - middle))), 1e-6)
    scores = np.nan_to_num((losses - middle) / deviation, nan=-np.inf)
    found = np.flatnonzero(scores > DEVIATIONS)
    found = found[np.argsort(-scores[found], kind="stable")]
    if len(found):
        text = (
            f"{len(found):,} of {len(known):,} held-out texts surprise the model: a loss of "
            f"{losses[found].min():.2f} nats a token and more, where {middle:.2f} is usual"
        )
        groups = [[positions[one]] for one in found.tolist()]
        remarks = [f"{losses[one]:.2f} nats a token" for one in found.tolist()]
        yield evidence.grouped("surprising_texts", Seriousness.NOTE, text, ADVICE, groups, remarks)
