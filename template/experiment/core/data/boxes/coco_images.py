"""The images that a file of COCO's annotations lists, and where each lies.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

import os
from itertools import chain
from pathlib import Path
from typing import Any

from ...files import shown
from .coco_files import image_folders
from .coco_json import Ids
from .found import Faults, FoundImage
from .image_names import ImageFinder
from .tree import Tree


def listed_images(
    content: dict[str, Any], file: Path, tree: Tree, split: str, faults: Faults
) -> tuple[list[FoundImage], Ids]:
    """Each image that a file of annotations lists, and all of them by their numbers.

    Args:
        content: Of the file.
        file: The file.
        tree: What lies in ``data.root``.
        split: Whose images they are.
        faults: Where faults go.
    """
    folders = image_folders(file, tree, split)
    # What lies deeper is looked for where only images of this split are.
    own = [folder for folder in folders if not _holds_other_splits(folder, tree)] or folders
    finder = ImageFinder(
        folders, lambda: chain.from_iterable(map(tree.images_below, own)), faults.notes
    )
    ids = Ids(faults.notes)
    return _images(content, finder, ids, faults), ids


def _holds_other_splits(folder: str, tree: Tree) -> bool:
    return os.path.join(str(tree.root), "").startswith(os.path.join(folder, "")) or folder in {
        os.path.join(str(tree.root), name) for name in ("data", "images")
    }


def _images(
    content: dict[str, Any], finder: ImageFinder, ids: Ids, faults: Faults
) -> list[FoundImage]:
    """Each image of a file; ``ids`` gets to know them by their numbers."""
    found: list[FoundImage] = []
    by_file: dict[str, int] = {}
    for row, one in enumerate(content["images"]):
        place = f"{faults.source}: images[{row}]"
        image = FoundImage(Path(""), None)
        found.append(image)
        try:
            first = ids.add(one["id"], image)
            name, image.size = str(one["file_name"]), _size(one)
        except (KeyError, TypeError, ValueError):
            faults.of(image, f"{place} is incomplete, expected id, file_name, height and width")
            continue
        if first is not None:
            _refuse_both(first, image, f"{place} has the id {one['id']} again", faults)
            continue
        path = finder.find(name)
        if path is None:
            faults.of(image, f"{place}: {_missing(name, finder)}")
            continue
        image.file = Path(path)
        if path in by_file:
            what = f"{place} has the file {name} again, as images[{by_file[path]}]"
            _refuse_both(found[by_file[path]], image, what, faults)
        by_file.setdefault(path, row)
    return found


def _refuse_both(first: FoundImage, image: FoundImage, what: str, faults: Faults) -> None:
    """Neither of two entries can be used: which annotations are whose?"""
    faults.of(image, f"{what}, expected once")
    first.fault = first.fault or image.fault


def _size(one: dict[str, Any]) -> tuple[float, float] | None:
    """Height and width; None where they are missing or 0."""
    size = float(one.get("height") or 0), float(one.get("width") or 0)
    return size if min(size) > 0 else None


def _missing(name: str, finder: ImageFinder) -> str:
    several = finder.named(name.replace("\\", "/").rpartition("/")[2])
    if len(several) > 1:
        return f"the image {name} may be {shown(several[0])} or {shown(several[1])}, expected one"
    place = shown(finder.folders[0]) if finder.folders else "anywhere"
    if "://" in name:
        return f"the image {name} is an address: download it into {place}"
    return f"the image {name} is not there, looked for in {place}"
