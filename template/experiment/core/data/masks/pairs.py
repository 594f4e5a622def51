"""Images and their masks, paired by their names.

Template's file: updates replace it. To pair otherwise, write a reader in data.py.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...errors import UserError
from ...files import shown
from ..boxes.found import Faults
from ..folders import composed
from ..notes import Notes
from .mask_files import ARRAY
from .pair_names import IMAGE_BEHIND, Named, group_of, named

STRAY = "masks belong to no image: passed over"
VIEW = "pictures show masks that are there as class numbers, too: passed over"
FIRST_CHANNEL = "_0000"  # nnU-Net's
AN_OBJECT = "a mask for each object, as Kaggle's Data Science Bowl has? Merge those of an image"


@dataclass
class Pairs:
    """What was paired.

    Args:
        images: Every image, with its mask, or None.
        strays: Masks that belong to no image.
    """

    images: dict[str, str | None] = field(default_factory=dict)
    strays: list[str] = field(default_factory=list)


def pair(root: str, files: Sequence[str], mask_names: str | None, notes: Notes) -> Pairs:
    """Pair the images and masks among some files.

    Args:
        root: ``data.root``.
        files: All below it.
        mask_names: ``data.mask_names``.
        notes: Where it is counted what was passed over.

    Raises:
        UserError: Two masks are for one image, or two images for one mask.
    """
    if mask_names is not None:
        return _stated(root, files, mask_names)
    images, masks = named(root, files)
    taken = _matched(images, masks)
    found = Pairs({image.path: None for image in images})
    used = set()
    for image, several in taken.items():
        mask = _one_of(several, image, notes)
        found.images[image] = mask
        used.update(one.path for one in several)
    _refuse_shared(found.images)
    _refuse_channels(found.images)
    left = [mask for mask in masks if mask.path not in used]
    found.strays = [mask.path for mask in left if not mask.is_view]
    for mask in left:
        if mask.is_view:
            notes.add(VIEW, shown(mask.path))
    return found


def _matched(images: Sequence[Named], masks: Sequence[Named]) -> dict[str, list[Named]]:
    """The masks that may be each image's: of the same folders first, then by name alone."""
    taken: dict[str, list[Named]] = {}
    by_place: dict[tuple[tuple[str, ...], str], list[str]] = {}
    by_name: dict[str, list[Named]] = {}
    for image in images:
        for stem in image.stems:
            by_place.setdefault((image.group, stem), []).append(image.path)
            same = by_name.setdefault(stem.lower(), [])
            same += [] if image in same else [image]
    for mask in masks:
        found = next(filter(None, (by_place.get((mask.group, stem)) for stem in mask.stems)), None)
        if found is None:
            splits = (None, mask.split)
            found = next(
                (
                    [image.path for image in by_name[stem]]
                    for stem in map(str.lower, mask.stems)
                    if len(by_name.get(stem, ())) == 1
                    and (mask.split is None or by_name[stem][0].split in splits)
                ),
                None,
            )
        if found is not None and len(found) > 1:
            raise UserError(
                f"{shown(found[0])} and {shown(found[1])} are both images for the mask "
                f"{shown(mask.path)}: delete one, or state data.mask_names"
            )
        if found:
            taken.setdefault(found[0], []).append(mask)
    return taken


def _one_of(masks: Sequence[Named], image: str, notes: Notes) -> str:
    """The mask that is meant, where others only show it.

    Raises:
        UserError: Two could be.
    """
    kept = [mask for mask in masks if not mask.is_view] or list(masks)
    pictures = [mask for mask in kept if not mask.path.lower().endswith(ARRAY)] or kept
    if len(pictures) > 1:
        one, other = pictures[0].path, pictures[1].path
        text = f"{shown(one)} and {shown(other)} are both masks for {shown(image)}"
        pattern = _pattern(one, other, image)
        more = f"; {AN_OBJECT}" if _without_number(one) == _without_number(other) else ""
        raise UserError(
            f'{text}: move one away, or state which by data.mask_names, such as "{pattern}"{more}'
        )
    for mask in masks:
        if mask is not pictures[0]:
            notes.add(VIEW, shown(mask.path))
    return pictures[0].path


def _pattern(mask: str, other: str, image: str) -> str:
    """How a mask is called, and the other is not, by its image's name."""
    (*folders, name), others = mask.split(os.sep), other.split(os.sep)
    folder = next((part for part in reversed(folders) if part not in others), None)
    stem = os.path.splitext(os.path.basename(image))[0]
    pattern = "{}" + os.path.splitext(mask)[1]
    for shorter in (stem, IMAGE_BEHIND.sub("", stem)):
        if shorter in name:
            pattern = name.replace(shorter, "{}", 1)
            break
    return f"{folder}/{pattern}" if name == others[-1] and folder is not None else pattern


def _without_number(mask: str) -> str:
    return re.sub(r"[_\-. ]?\d+$", "", os.path.splitext(mask)[0])


def _refuse_shared(images: dict[str, str | None]) -> None:
    of: dict[str, str] = {}
    for image, mask in images.items():
        if mask is not None and of.setdefault(mask, image) != image:
            raise UserError(f"{shown(mask)} is the mask of {shown(of[mask])} and {shown(image)}")


def _refuse_channels(images: dict[str, str | None]) -> None:
    """See that no image is one channel of several that a mask is for, as nnU-Net has them.

    Raises:
        UserError: There is ``a_0001.png`` beside ``a_0000.png``, whose mask is ``a.png``.
    """
    for image, mask in images.items():
        stem, suffix = os.path.splitext(image)
        second = f"{stem.removesuffix(FIRST_CHANNEL)}_0001{suffix}"
        if mask and stem.endswith(FIRST_CHANNEL) and images.get(second, mask) is None:
            raise UserError(
                f"{shown(image)} and {shown(second)} are channels of one image, as nnU-Net has "
                f"them, with the mask {shown(mask)}; expected one file an image: merge up to three "
                "as RGB, or move all but one away"
            )


def _stated(root: str, files: Sequence[str], pattern: str) -> Pairs:
    """Masks by ``data.mask_names``: a name, or the end of a path, with {} for the image's name."""
    before, after = pattern.split("{}")
    folder, before = os.path.split(before)
    masks: dict[str, list[Named]] = {}
    taken = set()
    for path in files:
        base = os.path.basename(path)
        parent = f"{os.sep}{os.path.relpath(os.path.dirname(path), root)}{os.sep}"
        inside = not folder or f"{os.sep}{folder}{os.sep}" in parent
        if base.startswith(before) and base.endswith(after) and inside:
            stem = composed(base[len(before) : len(base) - len(after)])
            masks.setdefault(stem, []).append(Named(path, group_of(root, path), [stem]))
            taken.add(path)
    found = Pairs()
    images, _ = named(root, [path for path in files if path not in taken])
    if not masks:
        raise UserError(f"data.mask_names: no file below {shown(root)} is called {pattern}")
    for image in images:
        several = [mask for stem in image.stems for mask in masks.get(stem, ())]
        near = [mask for mask in several if mask.group == image.group] or several
        if len(near) > 1:
            raise UserError(
                f"{shown(near[0].path)} and {shown(near[1].path)} are both masks for "
                f"{shown(image.path)}: state data.mask_names with a folder, as masks/{pattern}"
            )
        found.images[image.path] = near[0].path if near else None
        taken.discard(near[0].path if near else "")
    found.strays = sorted(taken)
    return found


def check_all_paired(
    images: Iterable[str], pairs: Pairs, place: str, faults: Faults
) -> list[tuple[str, str]]:
    """The images that have a mask; one without is a fault."""
    found = []
    for image in images:
        mask = pairs.images[image]
        if mask is None:
            why = hint(pairs.strays)
            faults.add(
                "images have no mask: left out",
                f"{place}: the image {shown(image)} has no mask, expected one by its name{why}",
            )
        else:
            found.append((image, mask))
    return found


def hint(strays: Sequence[str]) -> str:
    if not strays:
        return ""
    text = f"; masks belong to no image ({len(strays):,}, the first: {shown(strays[0])})"
    inside = [path for path in strays if os.path.dirname(path) == os.path.dirname(strays[0])]
    return f"{text}: {AN_OBJECT}" if 1 < len(inside) < len(strays) else text
