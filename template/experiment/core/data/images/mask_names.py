"""Which of the images in a folder are called as if they were masks of others.

Template's file: updates replace it.

    a_mask.png  a_mask_1.png  mask_a.png     beside a.png
    a.png                                    beside a.jpg
    masks/a.png                              beside images/a.png, or below a.png
"""

import os
import re
from collections.abc import Sequence

from ..folders import composed

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


def called_as_masks(paths: Sequence[str]) -> dict[str, str]:
    """The files that are called as masks of others are, and for each such another."""
    if not _may_be(paths):
        return {}
    by_stem: dict[str, list[str]] = {}
    for path in paths:
        by_stem.setdefault(without_suffix(path), []).append(path)
    near = _by_near_folders(paths)
    found = {}
    for path in paths:
        folder, name = os.path.split(without_suffix(path))
        shorter = [one for one in (BEHIND.sub("", name), BEFORE.sub("", name)) if one != name]
        others = [other for one in shorter for other in by_stem.get(os.path.join(folder, one), ())]
        if not path.lower().endswith(PHOTOS):
            twins = by_stem[without_suffix(path)]
            others += [other for other in twins if other.lower().endswith(PHOTOS)]
        if _is_of_masks(folder):
            above = os.path.dirname(folder)
            named = ((above, one) for one in (name, *shorter))
            others += [near[one] for one in named if one in near]
        if others:
            found[path] = others[0]
    return found


def without_suffix(path: str) -> str:
    """A path without its suffix: twins, of two formats, share it."""
    return composed(os.path.splitext(path)[0])


def _may_be(paths: Sequence[str]) -> bool:
    """Whether a name makes a closer look worth its time, a second for a hundred thousand."""
    if len({path[path.rfind(".") :].lower() for path in paths}) > 1:  # a.png beside a.jpg
        return True
    begin = len(os.path.commonpath([min(paths), max(paths)])) if len(paths) > 1 else 0
    names = "\n".join(path[begin:] for path in paths).lower()
    return any(word in names for word in SUSPECT)


def _by_near_folders(paths: Sequence[str]) -> dict[tuple[str, str], str]:
    """The files outside of folders of masks, by name and their folder or the one above it."""
    near: dict[tuple[str, str], str] = {}
    for path in paths:
        folder, name = os.path.split(without_suffix(path))
        if not _is_of_masks(folder):
            near[os.path.dirname(folder), name] = near[folder, name] = path
    return near


def _is_of_masks(folder: str) -> bool:
    return FOLDERS.fullmatch(os.path.basename(folder)) is not None
