"""Images with masks that are files, once it is known which belong together.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

from functools import partial

from ...config.data import MaskDataConfig
from ...errors import UserError
from ...files import shown
from ..boxes.found import Faults
from ..boxes.tree import Tree
from ..errors import DataError
from ..images.files import common_channels, open_file
from ..images.find_range import deep_files
from ..notes import Notes
from .annotations import together
from .class_files import class_table
from .encodings import EncodedFiles, Encoding
from .masked_images import IGNORED, MaskedImages
from .pair_splits import Part, split_images
from .pairs import STRAY, Pairs, check_all_paired
from .survey import Looked, look, turns
from .understand import understand

UNUSED = "classes have no pixel to train on"
BLANK = "masks have no pixel that counts"
UNREAD = "masks cannot be used: left out"


def load(config: MaskDataConfig, tree: Tree, found: Pairs) -> dict[str, MaskedImages]:
    """The images of a folder by split: only "train" where the folder has no splits.

    Args:
        config: The section ``data``.
        tree: What lies there.
        found: Which belong together.

    Raises:
        UserError: Nothing says what the masks mean, or (unless skipped) an image or a mask cannot
            be used.
    """
    parts = split_images(tree, config.splits, sorted(found.images))
    faults = Faults(config.on_error, tree.place, tree.notes)
    for mask in found.strays:
        faults.add(STRAY, f"{shown(mask)} is the mask of no image")
    return from_pairs(config, parts, found, tree)


def from_pairs(
    config: MaskDataConfig,
    parts: dict[str, Part],
    found: Pairs,
    tree: Tree,
    encoding: Encoding | None = None,
) -> dict[str, MaskedImages]:
    """The images of each split, once it is known what the masks of all of them mean.

    Args:
        config: The section ``data``.
        parts: The images of each split.
        found: The mask of each.
        tree: What lies there.
        encoding: What masks mean, where it is known.
    """
    notes = {split: Notes(part.place) for split, part in parts.items()}
    notes["train"].update(tree.notes)
    paired = {
        split: check_all_paired(
            part.images, found, part.place, Faults(config.on_error, part.place, notes[split])
        )
        for split, part in parts.items()
        if split == "train" or any(found.images[image] for image in part.images)
    }
    every = [one for pairs in paired.values() for one in pairs]
    looked = look(every, config.cache)
    turned = turns(every, looked, notes["train"])
    masks = [mask for _, mask in every]
    _refuse_faults(looked, config.on_error)
    if encoding is None:
        stated = config.class_names or config.class_values or config.colors
        table = None if stated else class_table(tree.files)
        encoding = understand(config, table, looked, masks)
    notes["train"].add(f"masks hold {encoding.expected()}", shown(masks[0]), len(masks))
    _check_values(encoding, looked, masks, config.on_error)
    splits, start = {}, 0
    for split, part in parts.items():
        images, opened, count = part.images, None, len(paired.get(split, ()))
        if split in paired:
            inside = slice(start, start + count)
            kept = _kept(paired[split], looked[inside], encoding, notes[split], split)
            images = [paired[split][index][0] for index in kept]
            files = [paired[split][index][1] for index in kept]
            opened = EncodedFiles(files, encoding, turned[inside][kept])
        start += count
        splits[split] = _images(images, opened, encoding.class_names, notes[split])
    return together(splits)


def _images(
    paths: list[str], masks: EncodedFiles | None, class_names: list[str], notes: Notes
) -> MaskedImages:
    opened = partial(open_file, paths)
    return MaskedImages(
        class_names,
        opened,
        masks,
        common_channels(len(paths), opened),
        names=[shown(path) for path in paths],
        notes=notes,
        maybe_deep=partial(deep_files, paths),
    )


def _refuse_faults(looked: list[Looked], on_error: str) -> None:
    fault = next((one.fault for one in looked if one.fault is not None), None)
    if fault is not None and on_error == "raise":
        raise DataError(fault)


def _check_values(
    encoding: Encoding, looked: list[Looked], masks: list[str], on_error: str
) -> None:
    """Have each mask with a value that means nothing be a fault."""
    for one, path in zip(looked, masks, strict=True):
        if one.fault is not None or one.lossy:
            continue
        if unknown := encoding.unknown(one.held(in_colors=encoding.in_colors)):
            error = encoding.refusal(path, f"holds {encoding.said(unknown[0])}")
            one.fault = str(error)
            if on_error == "raise":
                raise error


def _kept(
    pairs: list[tuple[str, str]], looked: list[Looked], encoding: Encoding, notes: Notes, split: str
) -> list[int]:
    """Which pairs can be used; what is strange in them is noted."""
    kept, seen = [], set()
    for index, ((_, mask), one) in enumerate(zip(pairs, looked, strict=True)):
        if one.fault is not None:
            notes.add(UNREAD, one.fault)
            continue
        kept.append(index)
        if one.lossy:
            seen.update(range(len(encoding.class_names)))
            continue
        held = one.held(in_colors=encoding.in_colors)
        classes = {encoding.numbers[value] for value in held}
        seen |= classes
        if classes == {IGNORED}:
            notes.add(BLANK, shown(mask))
    if not kept:
        raise UserError(f"{notes.place}: no image is left ({'; '.join(notes.lines())})")
    for number, name in enumerate(encoding.class_names) if split == "train" else ():
        if number not in seen:
            notes.add(UNUSED, name)
    if split == "train" and not seen - {IGNORED}:
        raise UserError(
            f"{notes.place}: no mask has a pixel that counts, expected some to train on"
        )
    return kept
