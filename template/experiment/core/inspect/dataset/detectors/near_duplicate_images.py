"""Images that are nearly the same in two splits: saved again, resized, brightened, cut a little.

Template's file: updates replace it. Each is described as a perceptual hash does it (the lowest 8 x
8 frequencies of a small grey copy: Zauner 2010, CleanVision's "near duplicates"), in numbers
instead of bits, and compared with all of the other split: a product of matrices is faster than the
tables of a hash where images are alike, and misses none. A pair counts if it is far closer than
images of this data are to their nearest neighbour: by six deviations of the distances' logarithm,
since digits of one hand resemble each other more than photographs do. By trial, the closest digits
of scikit-learn's lie 4 deviations below, scenes that were saved again 10 and more. What is as close
as ``ALWAYS`` counts whatever is usual, where most of a split leaks; up to ``ALMOST`` so does what
agrees in its details, too: of photographs that were saved again at another size, 5 % are farther
than the one, and most of these nearer than the other.
"""

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..evidence import Evidence, Position, by_split, so_many
from ..inspection import Finding
from ..looks.image_look import SIDE
from ..reading import SplitRead
from .exact_duplicates import equal

FREQUENCIES = 8
LEAST_ALIKE = 0.8  # correlation of the grey copies
DEVIATIONS = 6.0
LEAST_DEVIATION = 0.1  # of the logarithm: few images are alike in their distances by chance
FARTHEST = 0.4  # of two descriptions, which are 0 to 2 apart
ALWAYS = 0.05  # of two descriptions: a correlation of 0.999
ALMOST, LEAST_DETAIL = 0.1, 0.9  # the second: a correlation of what the frequencies leave
LEAST_CONTRAST = 4.0  # of 255; what is paler is described by its noise
BLOCK = 1024  # images compared at once: 200 MB with 50,000 others
ADVICE = "Keep each scene in one split: what was trained on tells nothing when it is tested on."


def find(evidence: Evidence) -> Iterable[Finding]:
    splits = [split for split in evidence.of_kind("image") if split.name != "unlabelled"]
    known = {position for group in equal(evidence) for position in group}
    described = {split.name: describe(split) for split in splits}
    pairs: list[tuple[float, Position, Position]] = []
    for one, other in combinations(splits, 2):
        pairs += _pairs(one, other, described, known)
    if not pairs:
        return
    pairs.sort()
    counts: dict[str, int] = {}
    for _, first, second in pairs:
        between = f"{first[0]} and {second[0]}"
        counts[between] = counts.get(between, 0) + 1
    text = so_many(len(pairs), "images are almost the same as one of another split")
    text += f" ({by_split(counts)})"
    groups = [[first, second] for _, first, second in pairs]
    yield evidence.grouped("near_duplicate_images", Seriousness.ERROR, text, ADVICE, groups)


def describe(split: SplitRead) -> NDArray[np.float32]:
    """The low frequencies of each image, of length 1; zeros of pale ones. ``(examples, 63)``"""
    basis = _cosines()
    rows = []
    for start in range(0, len(split), BLOCK):
        copies = split.small[start : start + BLOCK].astype(np.float32)
        low = (basis @ copies @ basis.T).reshape(len(copies), -1)[:, 1:]  # brightness apart
        length = np.linalg.norm(low, axis=1, keepdims=True)
        pale = copies.std(axis=(1, 2)) < LEAST_CONTRAST
        rows.append(np.where(pale[:, None], 0, low / np.maximum(length, 1e-6)))
    size = FREQUENCIES**2 - 1
    return np.concatenate(rows).astype(np.float32) if rows else np.zeros((0, size), np.float32)


def _cosines() -> NDArray[np.float32]:
    """The first rows of the discrete cosine transform (type 2), ``(frequencies, side)``."""
    places, waves = np.arange(SIDE) + 0.5, np.arange(FREQUENCIES)[:, None]
    scale = np.where(waves == 0, np.sqrt(1 / SIDE), np.sqrt(2 / SIDE))
    return (scale * np.cos(np.pi * waves * places / SIDE)).astype(np.float32)


def _pairs(
    one: SplitRead,
    other: SplitRead,
    described: dict[str, NDArray[np.float32]],
    known: set[Position],
) -> list[tuple[float, Position, Position]]:
    """For each image of ``other`` the nearest of ``one``, if it is nearly the same."""
    first, second = described[one.name], described[other.name]
    if not len(first) or not len(second):
        return []
    nearest, distance = _nearest(first, second)
    alone = [(other.name, place) not in known for place in range(len(other))]
    fine = np.array(alone, bool) & (np.abs(second).sum(axis=1) > 0)
    if not fine.any():
        return []
    limit = _limit(distance[fine])
    found = []
    for place in np.flatnonzero(fine & (distance < max(limit, ALMOST))).tolist():
        mate = int(nearest[place])
        copies = one.small[mate], other.small[place]
        is_close = distance[place] < limit and _correlation(*copies) >= LEAST_ALIKE
        if is_close or (distance[place] < ALMOST and _detail(*copies) >= LEAST_DETAIL):
            found.append((float(distance[place]), (one.name, mate), (other.name, place)))
    return found


def _nearest(
    first: NDArray[np.float32], second: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The nearest of ``first`` to each of ``second``, and how far it is."""
    nearest = np.zeros(len(second), dtype=np.int64)
    alike = np.zeros(len(second), dtype=np.float32)
    for start in range(0, len(second), BLOCK):
        part = slice(start, start + BLOCK)
        products = second[part] @ first.T  # (block, images)
        nearest[part] = products.argmax(axis=1)
        alike[part] = np.take_along_axis(products, nearest[part, None], axis=1)[:, 0]
    return nearest, np.sqrt(np.maximum(2 - 2 * alike, 0))


def _limit(distance: NDArray[np.float32]) -> float:
    """How close is too close, by the distances of images to their nearest neighbour."""
    usual = np.log(np.maximum(distance, 1e-4))
    median = float(np.median(usual))
    deviation = 1.4826 * float(np.median(np.abs(usual - median)))  # as a normal one has it
    far_below = np.exp(median - DEVIATIONS * max(deviation, LEAST_DEVIATION))
    return max(ALWAYS, min(FARTHEST, float(far_below)))


def _correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _detail(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The correlation of what is left of two copies without their low frequencies."""
    basis = _cosines()
    left = [
        copy - basis.T @ (basis @ copy @ basis.T) @ basis
        for copy in (one.astype(np.float32), other.astype(np.float32))
    ]
    if min(map(np.std, left)) == 0:
        return 0.0
    return _correlation(*left)
