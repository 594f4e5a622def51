"""Own images with boxes in a folder, in COCO's, YOLO's or VOC's format, whichever lies there.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

from pathlib import Path

from ...config.data import BoxDataConfig
from ...errors import UserError
from ...files import shown
from ..notes import Notes
from ..split_lists import by_lists
from . import coco, coco_files, voc_folder, yolo
from .boxed_images import BoxedImages
from .tree import Tree
from .yolo_names import names_files

READERS = {"COCO": coco.load, "YOLO": yolo.load, "VOC": voc_folder.load}
OTHERS = "annotations in another format lie there, without any to train on: passed over"


def load(config: BoxDataConfig, root: Path) -> dict[str, BoxedImages]:
    """The images below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, none of the formats is in it, or several, or (unless
            skipped) an annotation that cannot be used.
    """
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; {_expected()}")
    tree = Tree(root, Notes())
    tree.leave_out_masks()
    found = _formats(config, tree)
    if not found:
        raise UserError(f"data.root: {tree.place} holds no annotations; {_expected()}")
    if len(found) > 1:
        both = " and ".join(f"{name} ({sample})" for name, sample in found.items())
        raise UserError(
            f"data.root: {tree.place} holds annotations of {both}: move one of them away, or state "
            "files or folders of one by data.splits"
        )
    return by_lists(READERS[next(iter(found))](config, tree), config, root, tree.files)


def load_coco(config: BoxDataConfig, root: Path) -> dict[str, BoxedImages]:
    """The same, where only COCO's format will do."""
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {coco.LAYOUT}")
    return coco.load(config, Tree(root, Notes()))


def _formats(config: BoxDataConfig, tree: Tree) -> dict[str, str]:
    """The formats in which there is something to train on, and a file of each."""
    stated = str((config.splits or {}).get("train", ""))
    if stated.lower().endswith(".json"):
        return {"COCO": stated}
    found = {}
    if yolo.is_there(tree):
        found["YOLO"] = "labels in text files"
    if xml := next((path for path in tree.ending(".xml") if _is_annotation(path)), None):
        found["VOC"] = shown(xml)
    candidates = coco_files.candidates(tree)
    if candidates and (not found or coco_files.can_train(tree)):
        found["COCO"] = shown(candidates[0])
    elif candidates:
        tree.notes.add(OTHERS, shown(candidates[0]))
    if not found and names_files(tree.root, tree.ending(".txt")):
        found["YOLO"] = "names of classes"  # whose reader says what is missing
    return found


def _is_annotation(path: str) -> bool:
    with open(path, "rb") as file:
        return b"<annotation" in file.read(1000)


def _expected() -> str:
    return f"expected COCO ({coco.LAYOUT}), YOLO ({yolo.LAYOUT}) or VOC ({voc_folder.LAYOUT}) in it"
