"""Masks that lie among images with a class each: pictures of the class they are not.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/benign/a.png  a_mask.png  a_mask_1.png      or:  data/cat/a.jpg  a.png
    data/covid/images/b.png  covid/masks/b.png

A name says little, ``face_mask.png`` may be a face with a mask. So some of the files that are
called so are looked at.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ...files import shown
from ..notes import Notes
from ..splitting import evenly
from .mask_names import called_as_masks, without_suffix
from .mask_pixels import look_alike, looks_like_mask

LOOKED_AT = 64  # files that tell for all
OFTEN = 0.25  # of all images: so many are called as masks are for a reason
PASSED = "masks lie beside their images: passed over"
KEPT = "files are called as masks of others are, and look like images: read as images"
TWICE = "images are there twice, in two formats: both are read, and a split may part them"
Pair = tuple[str, str]  # what may be a mask, and its image


def without_masks(paths: Sequence[str], notes: Notes) -> list[int]:
    """The places of the files that are no masks of others among them; notes what the others are.

    Args:
        paths: Of all images of a split.
        notes: Where it is counted.
    """
    pairs = list(called_as_masks(paths).items())
    twins = [pair for pair in pairs if _are_twins(pair)]
    if len(twins) < OFTEN * len(paths):  # they have their names by chance
        pairs = [pair for pair in pairs if not _are_twins(pair)]
    masks = _masks(pairs)
    _note_kept(pairs, masks, len(paths), notes)
    if masks:
        notes.add(PASSED, shown(min(masks)), len(masks))
    _note_twice([pair for pair in twins if pair[0] not in masks], notes)
    return [place for place, path in enumerate(paths) if path not in masks]


def _are_twins(pair: Pair) -> bool:
    """Whether two files differ in their formats alone."""
    return without_suffix(pair[0]) == without_suffix(pair[1])


def _masks(pairs: Sequence[Pair]) -> set[str]:
    """Those that look so; a few tell for all where they agree."""
    some = _looked_at(_some(pairs))
    if all(some):
        return {path for path, _ in pairs}
    looked = _looked_at(pairs) if any(some) else []
    return {path for (path, _), is_mask in zip(pairs, looked, strict=False) if is_mask}


def _looked_at(pairs: Sequence[Pair]) -> list[bool]:
    with ThreadPoolExecutor() as threads:
        return list(threads.map(looks_like_mask, pairs))


def _note_kept(pairs: Sequence[Pair], masks: set[str], count: int, notes: Notes) -> None:
    """Say which files of one folder are called as masks, and are none."""
    in_one_folder = (
        path
        for path, other in pairs
        if os.path.dirname(path) == os.path.dirname(other) and not _are_twins((path, other))
    )
    kept = set(in_one_folder) - masks
    if kept and (masks or len(kept) > OFTEN * count):
        notes.add(KEPT, shown(min(kept)), len(kept))


def _note_twice(twins: Sequence[Pair], notes: Notes) -> None:
    """Say which images are there in two formats, if most of them are."""
    if twins and sum(map(look_alike, _some(twins))) > len(_some(twins)) / 2:
        notes.add(TWICE, shown(twins[0][0]), len(twins))


def _some(pairs: Sequence[Pair]) -> list[Pair]:
    return [pairs[place] for place in evenly(len(pairs), min(len(pairs), LOOKED_AT)).tolist()]
