"""Boxes that the trained model contests: missing, spurious, badly placed, of another class.

Template's file: updates replace it. After ObjectLab, Tkachenko et al. 2023 (arXiv:2309.00832). As
in confident learning, the model counts as sure of a class where it is at least as sure as it
usually is when it is right, and of ``LEAST`` at least.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...confusion import OVERLAP, ImageBoxes
from ...report.seriousness import Seriousness
from ..evidence import Evidence, Position, share
from ..inspection import Finding
from ..predicted import PredictedBoxes

LEAST = 0.5  # of a confidence
APART = 0.1  # of an overlap: less is another place
SAME = 0.7  # more is the same object, whatever class it is said to be


class Suspect(NamedTuple):
    """A box to look at; the greater the score, the sooner."""

    score: float
    position: Position
    remark: str


TEXTS = {
    "missing": (
        "images seem to lack a box: the model is sure of an object where none is drawn",
        "Draw the boxes that are missing: a model learns from each that there is nothing.",
    ),
    "spurious": (
        "images have a box about what the model does not see at all",
        "See whether something is in these boxes; small and hidden objects may well be.",
    ),
    "badly placed": (
        "images have a box that is placed otherwise than the model is sure of",
        "Draw these boxes anew, close about their objects.",
    ),
    "of another class": (
        "images have a box of whose class the model is sure that it is another",
        "Mend the class of those that are wrong.",
    ),
}


def find(evidence: Evidence) -> Iterable[Finding]:
    found: dict[str, list[Suspect]] = {kind: [] for kind in TEXTS}
    everything = [
        (position, image)
        for predicted in evidence.predicted_as(PredictedBoxes)
        for position, image in zip(evidence.places(predicted), predicted.images, strict=True)
    ]
    if not everything:
        return
    names = next(iter(evidence.predicted_as(PredictedBoxes))).names
    sure = _usual_confidence([image for _, image in everything], len(names))
    for position, image in everything:
        for kind, score, remark in _faults(image, sure, names):
            found[kind].append(Suspect(score, position, remark))
    for kind, suspects in found.items():
        if suspects:
            yield _finding(evidence, kind, suspects)


def _usual_confidence(images: Sequence[ImageBoxes], num_classes: int) -> NDArray[np.float64]:
    """How sure the model is of each class where it is right; infinite where it never is."""
    total, count = np.zeros(num_classes), np.zeros(num_classes)
    for image in images:
        right = _best(image, same_class=True) >= OVERLAP
        np.add.at(total, image.found_labels[right], image.confidence[right])
        np.add.at(count, image.found_labels[right], 1)
    return np.where(count > 0, np.maximum(total / np.maximum(count, 1), LEAST), np.inf)


def _best(image: ImageBoxes, same_class: bool) -> NDArray[np.float64]:
    """How much each found box overlaps the true one that it overlaps most, ``(found,)``."""
    overlaps = image.overlaps
    if same_class:
        overlaps = np.where(image.found_labels[:, None] == image.labels[None, :], overlaps, 0.0)
    return overlaps.max(axis=1, initial=0.0)


def _faults(
    image: ImageBoxes, usual: NDArray[np.float64], names: Sequence[str]
) -> Iterable[tuple[str, float, str]]:
    """What is suspect in an image: the kind, how much, and a word about it."""
    sure = image.confidence >= usual[image.found_labels]
    any_class = _best(image, same_class=False)
    for found in np.flatnonzero(sure & (any_class < APART)).tolist():
        confidence, name = float(image.confidence[found]), names[image.found_labels[found]]
        place = ", ".join(f"{edge:.0f}" for edge in image.found[found])
        yield "missing", confidence, f"{name} ({share(confidence)}) at {place} to the model"
    for true, label in enumerate(image.labels.tolist()):
        overlaps = image.overlaps[:, true]
        name, same = names[label], image.found_labels == label
        if overlaps.max(initial=0.0) < APART:
            yield "spurious", 1 - float(overlaps.max(initial=0.0)), f"{name}: nothing to the model"
            continue
        best = float(overlaps[same].max(initial=0.0))
        near = same & sure & (overlaps >= APART)
        if best < OVERLAP and near.any():
            yield "badly placed", 1 - best, f"{name}: overlap {share(best)}"
        others = np.where(~same & sure & (overlaps >= SAME), image.confidence, 0.0)
        if best < OVERLAP and others.max(initial=0.0) > 0:
            other = int(others.argmax())
            taken, confidence = names[image.found_labels[other]], float(others[other])
            remark = f"{name}? The model: {taken} ({share(confidence)})"
            yield "of another class", confidence, remark


def _finding(evidence: Evidence, kind: str, suspects: list[Suspect]) -> Finding:
    """One entry an image, with its most suspect box."""
    ranked = sorted(suspects, key=lambda one: -one.score)
    first: dict[Position, str] = {}
    for one in ranked:
        first.setdefault(one.position, one.remark)
    text, advice = TEXTS[kind]
    positions = [[position] for position in first]
    return evidence.grouped(
        "suspect_boxes",
        Seriousness.WARNING,
        f"{len(first):,} {text}",
        advice,
        positions,
        list(first.values()),
    )
