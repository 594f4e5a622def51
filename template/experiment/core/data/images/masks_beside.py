"""Masks that lie among images with a class each: pictures of the class they are not.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/benign/a.png  a_mask.png  a_mask_1.png      or:  data/cat/a.jpg  a.png
    data/covid/images/b.png  covid/masks/b.png

A name says little, ``face_mask.png`` may be a face with a mask. So some of the files are looked at:
a mask has a few values, and the image that it is called after has many.
"""

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from ...files import shown
from ..folders import composed
from ..notes import Notes
from ..splitting import evenly
from .files import UNREADABLE

# What stands behind or before an image's name in a mask's: masks/pair_names.py goes by it, too.
SAYS_MASK = r"labelIds|labelTrainIds|instanceIds|instanceTrainIds|labels?|segmentation|seg|gt"
SAYS_MASK += r"|annotation|trimap|ground_?truth|(?:masks?|manual)(?:[_\-. ]?\d{1,2})?"
BEHIND = re.compile(rf"[_\-. ](?:{SAYS_MASK})$", re.IGNORECASE)
BEFORE = re.compile(r"^(?:mask|label|seg|gt)s?[_\-. ]*(?=.)", re.IGNORECASE)
FOLDERS = re.compile(
    r"(?:.+[_\-. ])?(?:masks?|seg|segmentations?|segmentation(?:class|object)|ground_?truth|gt)"
    r"|labels?|annotations?|labelsTr|gtFine",
    re.IGNORECASE,
)
SUSPECT = ("mask", "label", "seg", "gt", "truth", "annotation", "trimap", "manual", "ids.")
PHOTOS = (".jpg", ".jpeg")  # beside which a file of the same name may be its mask
LOOKED_AT = 64  # files that tell for all
FEW, NEAR, MOSTLY = 40, 32, 0.97  # colours; of 255; of the pixels of a JPEG
OFTEN = 0.25  # of all images: so many are called as masks are for a reason
PASSED = "masks lie beside their images: passed over"
KEPT = "files are called as masks of others are, and look like images: read as images"
TWICE = "images are there twice, in two formats: both are read, and a split may part them"


def without_masks(paths: Sequence[str], notes: Notes) -> list[int]:
    """The places of the files that are no masks of others among them; notes what the others are.

    Args:
        paths: Of all images of a split.
        notes: Where it is counted.
    """
    of = _called_so(paths) if _may_have_masks(paths) else {}
    twins = [(path, other) for path, other in of.items() if _stem(path) == _stem(other)]
    if len(twins) < OFTEN * len(paths):  # they have their names by chance
        of = {path: other for path, other in of.items() if _stem(path) != _stem(other)}
    masks = _masks(of)
    left = {path for path, other in of.items() if os.path.dirname(path) == os.path.dirname(other)}
    left -= masks | dict(twins).keys()
    if left and (masks or len(left) > OFTEN * len(paths)):
        notes.add(KEPT, shown(min(left)), len(left))
    if masks:
        notes.add(PASSED, shown(min(masks)), len(masks))
    pairs = [pair for pair in twins if pair[0] not in masks]
    if pairs and sum(map(_are_alike, _some(pairs))) > len(_some(pairs)) / 2:
        notes.add(TWICE, shown(pairs[0][0]), len(pairs))
    return [place for place, path in enumerate(paths) if path not in masks]


def _may_have_masks(paths: Sequence[str]) -> bool:
    """Whether a name makes a closer look worth its time, a second for a hundred thousand."""
    if len({path[path.rfind(".") :].lower() for path in paths}) > 1:  # a.png beside a.jpg
        return True
    begin = len(os.path.commonpath([min(paths), max(paths)])) if len(paths) > 1 else 0
    names = "\n".join(path[begin:] for path in paths).lower()
    return any(word in names for word in SUSPECT)


def _called_so(paths: Sequence[str]) -> dict[str, str]:
    """The files that are called as masks of others are, and the others."""
    by_stem: dict[str, list[str]] = {}
    beside: dict[tuple[str, str], str] = {}  # by their folder, or the one above, and name
    for path in paths:
        stem = _stem(path)
        by_stem.setdefault(stem, []).append(path)
        folder, name = os.path.split(stem)
        if not _is_of_masks(folder):
            beside[os.path.dirname(folder), name] = beside[folder, name] = path
    found = {}
    for path in paths:
        folder, name = os.path.split(_stem(path))
        shorter = [one for one in (BEHIND.sub("", name), BEFORE.sub("", name)) if one != name]
        others = [other for one in shorter for other in by_stem.get(os.path.join(folder, one), ())]
        if not path.lower().endswith(PHOTOS):
            twins = by_stem[_stem(path)]
            others += [other for other in twins if other.lower().endswith(PHOTOS)]
        if _is_of_masks(folder):
            above = os.path.dirname(folder)
            named = ((above, one) for one in (name, *shorter))
            others += [beside[one] for one in named if one in beside]
        if others:
            found[path] = others[0]
    return found


def _is_of_masks(folder: str) -> bool:
    return FOLDERS.fullmatch(os.path.basename(folder)) is not None


def _masks(of: dict[str, str]) -> set[str]:
    """Those that look so; a few tell for all where they agree."""
    pairs = list(of.items())
    some = _looked_at(_some(pairs))
    if all(some):
        return set(of)
    looked = _looked_at(pairs) if any(some) else []
    return {path for (path, _), is_mask in zip(pairs, looked, strict=False) if is_mask}


def _some(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [pairs[place] for place in evenly(len(pairs), min(len(pairs), LOOKED_AT)).tolist()]


def _looked_at(pairs: Sequence[tuple[str, str]]) -> list[bool]:
    with ThreadPoolExecutor() as threads:
        return list(threads.map(_is_mask, pairs))


def _is_mask(pair: tuple[str, str]) -> bool:
    """Whether the first of two looks like a mask of the second, and not like the second."""
    return _is_flat(pair[0]) and not _is_flat(pair[1]) and not _are_alike(pair)


def _is_flat(path: str) -> bool:
    """Whether an image has as few values as a mask."""
    try:
        with Image.open(path) as image:
            if image.format in ("JPEG", "MPO"):
                values = np.asarray(image.convert("L"))
                return bool(((values < NEAR) | (values > 255 - NEAR)).mean() > MOSTLY)
            most = min(FEW, image.width * image.height // 4)
            if image.mode.startswith(("I", "F")):
                return len(np.unique(np.asarray(image))) <= most
            return image.getcolors(most) is not None
    except UNREADABLE:  # reading it will say so
        return False


def _are_alike(pair: tuple[str, str]) -> bool:
    """Whether two files show the same."""
    try:
        small = [np.asarray(Image.open(path).convert("L").resize((16, 16))) for path in pair]
    except UNREADABLE:  # reading it will say so
        return False
    return bool(np.abs(small[0].astype(int) - small[1]).mean() < 8)


def _stem(path: str) -> str:
    return composed(os.path.splitext(path)[0])
