"""Own images with boxes in a folder, in COCO's or in YOLO's format, whichever lies there.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

from pathlib import Path

from ...config.data import BoxDataConfig
from ...errors import UserError
from ...files import shown
from . import coco, yolo
from .boxed_images import BoxedImages


def load(config: BoxDataConfig, root: Path) -> dict[str, BoxedImages]:
    """The images below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, neither format is in it, or (unless skipped) an
            annotation is faulty.
    """
    expected = f"expected COCO ({coco.LAYOUT}) or YOLO ({yolo.LAYOUT}) in it"
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; {expected}")
    has_labels = any(folder.is_dir() for folder in root.rglob("labels"))
    is_yolo = yolo.names_file(root) is not None
    if not (is_yolo and has_labels) and coco.split_files(root):
        return coco.load(config, root)
    if is_yolo:
        return yolo.load(config, root)
    if has_labels:
        raise UserError(
            f"data.root: {shown(root)} has labels/, but neither data.yaml nor classes.txt with the "
            "names of the classes"
        )
    raise UserError(f"data.root: {shown(root)} holds no annotations; {expected}")
