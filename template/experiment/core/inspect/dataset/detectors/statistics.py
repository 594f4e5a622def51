"""Mean and deviation that were measured on something else than the training images.

Template's file: updates replace it. The facts' mean differs from that of 500 training images by
more than a quarter of their deviation, or their deviation by a factor of 1.5. Those of ImageNet,
which weights from elsewhere ask for, are no fault.
"""

from collections.abc import Iterable

from ....data.images.statistics import pixel_statistics
from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding

MOST_APART, MOST_WIDER = 0.25, 1.5
MEASURED = 500
IMAGENET = ([0.485, 0.456, 0.406], [0.5, 0.5, 0.5], [0.5])
ADVICE = "Measure them on the training images: images.pixel_statistics(self) in find_facts()."


def find(evidence: Evidence) -> Iterable[Finding]:
    said, spread = (getattr(evidence.facts, name, None) for name in ("mean", "std"))
    if "train" not in evidence.splits or not said or not spread:
        return
    if any(list(said) == known for known in IMAGENET):
        return
    mean, std = pixel_statistics(evidence.data, most=MEASURED)
    if len(mean) != len(said):
        return
    for channel, (m, s, there, there_std) in enumerate(zip(said, spread, mean, std, strict=True)):
        factor = max(s / there_std, there_std / s)
        if abs(m - there) > MOST_APART * there_std or factor > MOST_WIDER:
            text = f"the facts say mean {m:.3f} and deviation {s:.3f} of channel {channel}; the "
            text += f"training images have {there:.3f} and {there_std:.3f}"
            yield Finding("statistics", Seriousness.WARNING, text, ADVICE)
            return
