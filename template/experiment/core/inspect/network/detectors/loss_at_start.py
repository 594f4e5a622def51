"""A loss of untrained weights that is not that of chance, where chance is known.

Template's file: updates replace it. A cross-entropy over K scores is log K where they say nothing.
Three times as much and one more is confident and wrong; a tenth of it knows the answer already.
Between these lie what initialisations of usual networks give.
"""

import math
from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..look import Finding


def find(evidence: Evidence) -> Iterable[Finding]:
    if not evidence.is_new:
        return
    for loss in evidence.trace.outputs.losses:
        chance = math.log(max(loss.classes, 2))
        place = loss.node.line or loss.node.label
        if loss.value > 3 * chance + 1:
            verdict, advice = (
                "confident, and wrong",
                (
                    "Look at the scale of the head's weights and of what comes into it: scores of "
                    "untrained weights should be near zero."
                ),
            )
        elif loss.value < chance / 10:
            verdict, advice = (
                "known already",
                ("Look whether the answer is among the inputs, or all targets are the same."),
            )
        else:
            continue
        yield Finding(
            "loss_at_start",
            Seriousness.WARNING,
            f"{place}: the cross-entropy starts at {loss.value:.3g}, {verdict}; chance among "
            f"{loss.classes:,} is {chance:.3g}",
            advice,
            (loss.node.line,) if loss.node.line else (),
            (loss.node.number,),
        )
