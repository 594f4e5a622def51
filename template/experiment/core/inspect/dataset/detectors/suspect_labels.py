"""Labels that the trained model contests, on examples that it has not learned from.

Template's file: updates replace it. Confident learning, as Datalab ranks label issues:
confident_learning.py. Over all held-out splits together, since thresholds are means.
"""

from collections.abc import Iterable

import numpy as np

from ...report.seriousness import Seriousness
from ..confident_learning import own_chances, suspects
from ..evidence import Evidence, by_split, share
from ..inspection import Finding
from ..predicted import PredictedClasses

ADVICE = (
    "Look at each, the most suspect first: mend the labels that are wrong, wherever they come "
    "from, and train again. What is right is what the model has yet to learn."
)


def find(evidence: Evidence) -> Iterable[Finding]:
    rows = [
        (place, predicted, row)
        for predicted in evidence.predicted_as(PredictedClasses)
        for row, place in enumerate(evidence.places(predicted))
        if predicted.labels[row] >= 0
    ]
    if not rows:
        return
    chances = np.stack([predicted.chances[row] for _, predicted, row in rows])
    labels = np.array([predicted.labels[row] for _, predicted, row in rows])
    own, taken = own_chances(chances, labels), chances.argmax(axis=1)
    found = np.flatnonzero(suspects(chances, labels))
    found = found[np.argsort(own[found], kind="stable")]
    if not len(found):
        return
    names = rows[0][1].names
    positions = [rows[one][0] for one in found.tolist()]
    remarks = [
        f"{names[labels[one]]} ({share(float(own[one]))})? The model: {names[taken[one]]} "
        f"({share(float(chances[one].max()))})"
        for one in found.tolist()
    ]
    splits = [split for split, _ in positions]
    counts = by_split({split: splits.count(split) for split in dict.fromkeys(splits)})
    wrong = share(float((taken != labels).mean()))
    text = (
        f"{len(found):,} labels are suspect ({counts}): the model, wrong on {wrong} of "
        f"{len(rows):,} held-out examples, is as sure of another class as it usually is of that one"
    )
    yield evidence.grouped(
        "suspect_labels", Seriousness.WARNING, text, ADVICE, [[one] for one in positions], remarks
    )
