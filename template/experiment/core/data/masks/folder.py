"""Own images with masks in a folder: pairs of files, or polygons as COCO and YOLO have them.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/images/train/a.jpg     or: data/train/a.jpg        or, to be split here: data/a.jpg
    data/masks/train/a.png          data/train/a_mask.png                         data/a_mask.png
"""

from pathlib import Path

from ...config.data import MaskDataConfig
from ...errors import UserError
from ...files import shown
from ..boxes import coco_files
from ..boxes import yolo as yolo_boxes
from ..boxes.tree import Tree
from ..notes import Notes
from ..split_lists import by_lists
from . import coco, pair_reader, yolo
from .masked_images import MaskedImages
from .other_formats import hint_of
from .pairs import Pairs, hint, pair

LAYOUT = "images/a.jpg and masks/a.png, or a.jpg and a_mask.png"


def load(config: MaskDataConfig, root: Path) -> dict[str, MaskedImages]:
    """The images below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, no masks are in it, or of several formats, nothing says
            what they mean, or (unless skipped) an image or a mask cannot be used.
    """
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {LAYOUT} in it")
    tree = Tree(root, Notes())
    return by_lists(_read(config, tree), config, root, tree.files)


def _read(config: MaskDataConfig, tree: Tree) -> dict[str, MaskedImages]:
    stated = str((config.splits or {}).get("train", ""))
    if stated.lower().endswith(".json"):
        return coco.load(config, tree)
    pairs = pair(str(tree.root), tree.files, config.mask_names, tree.notes)
    found = _formats(config, tree, pairs)
    if not found:
        raise UserError(_nothing(tree, pairs))
    if len(found) > 1:
        both = " and ".join(f"{name} ({sample})" for name, sample in found.items())
        raise UserError(
            f"data.root: {tree.place} holds {both}: move one of them away, or state the first by "
            "data.mask_names, COCO's file by data.splits"
        )
    if "COCO" in found:
        return coco.load(config, tree)
    return yolo.load(config, tree) if "YOLO" in found else pair_reader.load(config, tree, pairs)


def _formats(config: MaskDataConfig, tree: Tree, pairs: Pairs) -> dict[str, str]:
    """The formats in which there is something to train on, and a file of each."""
    found = {}
    if mask := next(filter(None, pairs.images.values()), None):
        found["masks"] = shown(mask)
    if config.mask_names is not None:
        return found
    if coco_files.candidates(tree) and coco_files.can_train(tree):
        found["COCO"] = shown(coco_files.candidates(tree)[0])
    if yolo_boxes.is_there(tree):
        found["YOLO"] = "labels in text files"
    return found


def _nothing(tree: Tree, pairs: Pairs) -> str:
    """Why there is nothing to read, and what would be."""
    text = f"data.root: {tree.place} holds no image with a mask; expected {LAYOUT}, COCO or YOLO"
    other = hint_of(tree) or hint(pairs.strays)
    return text + (other or '; data.mask_names="{}_mask.png" says what masks are called')
