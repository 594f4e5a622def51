"""Texts of which a good part stands in another split, word for word: a leak.

Template's file: updates replace it. A text counts where half of its sequences of five words are in
one text of the other split; of windows of tokens, in any of it, since windows are cut elsewhere. Of
sequences: Broder 1997, as Lee et al. 2021 (arXiv:2107.06499) compare texts; half, since a word that
was changed alters five sequences. From four fifths on (theirs) it is an error, below a warning: two
texts may say much in the same words. What stands in many texts, such as a licence, does not count.
"""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..evidence import Evidence, Position, by_split, share, so_many
from ..inspection import Finding
from ..reading import SplitRead
from .exact_duplicates import equal

LEAST_SHARE, SURE_SHARE = 0.5, 0.8
LEAST_SHINGLES = 8  # what is shorter is compared exactly only
MOST_TEXTS, MOST_SHARE = 10, 0.01  # that have a sequence, or it is common
BLOCK = 1000  # texts compared at once
ADVICE = "Keep what is the same in one split: what was trained on tells nothing when tested on."


def find(evidence: Evidence) -> Iterable[Finding]:
    splits = [split for split in evidence.of_kind("text", "tokens") if split.name != "unlabelled"]
    known = {position for group in equal(evidence) for position in group}
    pairs: list[tuple[float, Position, Position]] = []
    for one, other in combinations(splits, 2):
        pairs += _pairs(one, other, known)
    if not pairs:
        return
    pairs.sort(key=lambda pair: -pair[0])
    counts: dict[str, int] = {}
    for _, first, second in pairs:
        between = f"{second[0]} in {first[0]}"
        counts[between] = counts.get(between, 0) + 1
    text = so_many(len(pairs), "texts stand in another split for the most part")
    text += f" ({by_split(counts)}), the first to {share(pairs[0][0])}"
    groups = [[first, second] for _, first, second in pairs]
    is_sure = pairs[0][0] >= SURE_SHARE
    seriousness = Seriousness.ERROR if is_sure else Seriousness.WARNING
    yield evidence.grouped("near_duplicate_texts", seriousness, text, ADVICE, groups)


def _pairs(
    one: SplitRead, other: SplitRead, known: set[Position]
) -> list[tuple[float, Position, Position]]:
    """For each text of ``other`` the one of ``one`` that it shares most with, if it is much."""
    hashes, owners = _table(one)
    found = []
    for start in range(0, len(other), BLOCK):
        places = [
            place
            for place in range(start, min(start + BLOCK, len(other)))
            if (other.name, place) not in known
        ]
        for place, mate, part in _shared(hashes, owners, len(one), other, places):
            found.append((part, (one.name, mate), (other.name, place)))
    return found


def _table(split: SplitRead) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """All sequences of a split, sorted, and the text that each is of."""
    rows = [_row(split, place) for place in range(len(split))]
    hashes = np.concatenate([*rows, np.empty(0, np.uint64)])
    owners = np.repeat(np.arange(len(rows), dtype=np.int32), [len(row) for row in rows])
    order = np.argsort(hashes)
    return hashes[order], owners[order]


def _row(split: SplitRead, place: int) -> NDArray[np.uint64]:
    found = split.looks[place].shingles
    return np.empty(0, np.uint64) if found is None else found


def _shared(
    hashes: NDArray[np.uint64],
    owners: NDArray[np.int32],
    texts: int,
    other: SplitRead,
    places: list[int],
) -> Iterable[tuple[int, int, float]]:
    """Texts that share much: the place, the text it shares most with, and the share."""
    rows = [_row(other, place) for place in places]
    sizes = np.array([len(row) for row in rows], dtype=np.int64)
    if not sizes.sum() or not len(hashes):
        return
    wanted, asking = np.concatenate(rows), np.repeat(np.arange(len(rows)), sizes)
    first = np.searchsorted(hashes, wanted, side="left")
    count = np.searchsorted(hashes, wanted, side="right") - first
    common = count > max(MOST_TEXTS, MOST_SHARE * texts)
    telling = np.bincount(asking[~common], minlength=len(rows))
    first, count, asking = (part[(count > 0) & ~common] for part in (first, count, asking))
    anywhere = np.bincount(asking, minlength=len(rows))
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    keys = np.repeat(asking, count) * texts + owners[np.repeat(first, count) + within]
    pairs, together = np.unique(keys, return_counts=True)
    best = {}
    for key, number in zip(pairs.tolist(), together.tolist(), strict=True):
        row, mate = divmod(key, texts)
        if number > best.get(row, (0, 0))[0]:
            best[row] = (number, mate)
    for row, (number, mate) in best.items():
        shared = anywhere[row] if other.kind == "tokens" else number
        if telling[row] >= LEAST_SHINGLES and shared >= LEAST_SHARE * telling[row]:
            yield places[row], mate, float(shared / telling[row])
