"""Own images with masks in a folder: pairs of files, or polygons as COCO and YOLO have them.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/images/train/a.jpg     or: data/train/a.jpg        or, to be split here: data/a.jpg
    data/masks/train/a.png          data/train/a_mask.png                         data/a_mask.png
"""

from functools import partial
from pathlib import Path

from ...config.data import MaskDataConfig
from ...errors import UserError
from ...files import shown
from ..boxes.found import Faults
from ..boxes.tree import Tree
from ..errors import DataError
from ..images.files import common_channels, open_file
from ..images.find_range import deep_files
from ..notes import Notes
from .class_files import class_table
from .encodings import EncodedFiles, Encoding
from .masked_images import IGNORED, MaskedImages
from .pair_splits import Part, split_images
from .pairs import STRAY, Pairs, check_all_paired, hint, pair
from .survey import Looked, look, turns
from .understand import understand

LAYOUT = "images/a.jpg and masks/a.png, or a.jpg and a_mask.png"
SHARED = "images are for training, too"
UNUSED = "classes have no pixel to train on"
BLANK = "masks have no pixel that counts"
UNREAD = "masks cannot be used: left out"


def load(config: MaskDataConfig, root: Path) -> dict[str, MaskedImages]:
    """The images below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, no masks are in it, nothing says what they mean, or
            (unless skipped) an image or a mask cannot be used.
    """
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {LAYOUT} in it")
    return load_pairs(config, Tree(root, Notes()))


def load_pairs(config: MaskDataConfig, tree: Tree) -> dict[str, MaskedImages]:
    """Images and masks that are files of the same names.

    Raises:
        UserError: As ``load`` says.
    """
    found = pair(str(tree.root), tree.files, config.mask_names, tree.notes)
    if not any(found.images.values()):
        raise UserError(_nothing(tree, found))
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
    together = [one for pairs in paired.values() for one in pairs]
    looked = look(together, config.cache)
    turned = turns(together, looked, notes["train"])
    masks = [mask for _, mask in together]
    _refuse_faults(looked, config.on_error)
    if encoding is None:
        table = class_table(tree.files)
        encoding = understand(config, table, looked, masks, notes["train"])
    _check_values(encoding, looked, masks, config.on_error)
    splits, start = {}, 0
    training = [image for image, _ in paired["train"]]
    channels = common_channels(len(training), partial(open_file, training))
    for split, part in parts.items():
        count = len(paired.get(split, ()))
        if split in paired:
            inside = slice(start, start + count)
            kept = _kept(paired[split], looked[inside], encoding, notes[split], split)
            opened = EncodedFiles(
                [paired[split][index][1] for index in kept], encoding, turned[inside][kept]
            )
            images = [paired[split][index][0] for index in kept]
        else:
            opened, images = None, part.images
        start += count
        splits[split] = MaskedImages(
            encoding.class_names,
            partial(open_file, images),
            opened,
            channels,
            names=[shown(image) for image in images],
            notes=notes[split],
            maybe_deep=partial(deep_files, images),
        )
    _note_shared(splits)
    return splits


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


def _note_shared(splits: dict[str, MaskedImages]) -> None:
    training = set(splits["train"].names)
    for split, images in splits.items():
        both = [name for name in images.names if split != "train" and name in training]
        if both:
            images.notes.add(SHARED, both[0], len(both))


def _nothing(tree: Tree, found: Pairs) -> str:
    """Why there is nothing to read, and what would be."""
    text = f"data.root: {tree.place} holds no image with a mask; expected {LAYOUT}, COCO or YOLO"
    return text + hint(found.strays)
