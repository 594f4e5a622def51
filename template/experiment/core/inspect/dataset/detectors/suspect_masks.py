"""Images with whose masks the trained model agrees least, class by class.

Template's file: updates replace it. Of each class, images where the overlap is less than half of
what it usually is (the median over the images that show it), and where it is no small patch. What
the model does not know, a class that it usually overlaps by less than ``KNOWN``, it cannot judge.
"""

from collections.abc import Iterable

import numpy as np

from ...report.seriousness import Seriousness
from ..evidence import Evidence, Position, share
from ..inspection import Finding
from ..predicted import PredictedMasks, overlaps_of

KNOWN = 0.5  # of an overlap
USUAL = 0.5  # of the usual overlap
LEAST_SHARE = 0.01  # of the image's pixels, true or predicted
LEAST_IMAGES = 8  # that show a class: of fewer, nobody knows what is usual
ADVICE = "Look at each, the least agreement first: is the mask right, and of the right class?"


def find(evidence: Evidence) -> Iterable[Finding]:
    found: list[tuple[float, Position, str]] = []
    parts = list(evidence.predicted_as(PredictedMasks))
    if not parts:
        return
    names, unknown = parts[0].names, []
    pixels = np.concatenate([part.pixels for part in parts])
    positions = [position for part in parts for position in evidence.places(part)]
    overlaps, total = overlaps_of(pixels), pixels[:, 1].sum(axis=1)
    larger = pixels[:, 1:].max(axis=1) / np.maximum(total, 1)[:, None]
    for number, name in enumerate(names):
        shown = np.flatnonzero(np.isfinite(overlaps[:, number]) & (pixels[:, 1, number] > 0))
        if len(shown) < LEAST_IMAGES:
            continue
        usual = float(np.median(overlaps[shown, number]))
        if usual < KNOWN:
            unknown.append(name)
            continue
        judged = np.flatnonzero(np.isfinite(overlaps[:, number]))
        for image in judged[overlaps[judged, number] < USUAL * usual].tolist():
            overlap = float(overlaps[image, number])
            if larger[image, number] >= LEAST_SHARE:
                remark = f"{name}: overlap {share(overlap)}, usually {share(usual)}"
                found.append((overlap / usual, positions[image], remark))
    if unknown:
        listed = ", ".join(unknown[:8]) + (", ..." if len(unknown) > 8 else "")
        evidence.skip(
            f"suspect_masks: the model, as trained as it is, overlaps {len(unknown):,} classes by "
            f"less than {share(KNOWN)}: it cannot judge masks of {listed}"
        )
    if found:
        found.sort(key=lambda one: one[0])
        first: dict[Position, str] = {}
        for _, position, remark in found:
            first.setdefault(position, remark)
        text = (
            f"{len(first):,} of {len(pixels):,} held-out images have a class of which the model "
            "marks quite other pixels: the overlap is less than half of what it usually is"
        )
        groups = [[position] for position in first]
        yield evidence.grouped(
            "suspect_masks", Seriousness.WARNING, text, ADVICE, groups, list(first.values())
        )
