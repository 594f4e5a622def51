"""Boxes in YOLO's format: a text file an image, a row an object (docs.ultralytics.com/datasets).

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/data.yaml              names: [cat, dog]; or classes.txt, one name a line
    data/images/train/a.jpg     or: data/train/images/a.jpg, or to be split here: data/images/a.jpg
    data/labels/train/a.txt         data/train/labels/a.txt                       data/labels/a.txt

Text files may also lie beside their images, as darknet, CVAT and labelImg have them. An image
without a text file has no objects; a test split without any has no labels.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...config.data import BaseDataConfig, BoxDataConfig
from ...errors import UserError
from ...files import shown
from ..folders import composed
from ..notes import Notes
from .annotations import gather, together
from .boxed_images import BoxedImages
from .found import Faults, FoundImage
from .image_names import plain_stem
from .tree import Tree
from .yolo_layout import Part, label_file, label_places, split_images
from .yolo_names import class_names, names_files
from .yolo_rows import LabelRow, body_points, found_object, read_rows

LAYOUT = "data.yaml or classes.txt, images/train/*.jpg and labels/train/*.txt"
STRAY = "label files belong to no image: passed over"
RENAMED = "label files are named as Label Studio does, percent-encoded or with a number: matched"
NOT_LABELS = ("classes.txt", "obj.names")


def is_there(tree: Tree) -> bool:
    """Whether an image has a text file, in the folder ``labels`` or beside it."""
    texts = set(tree.ending(".txt"))
    if not texts:
        return False
    if any("labels" in tree.relative(text).lower().split("/")[:-1] for text in texts):
        return True
    return any(place in texts for image in tree.images for place in label_places(image))


def load(config: BoxDataConfig, tree: Tree) -> dict[str, BoxedImages]:
    """The images of a folder by split: only "train" where there are no splits.

    Raises:
        UserError: No names, images or labels, or (unless skipped) a row that cannot be used.
    """
    told = read_labels(config, tree)
    rows = [row for _, rows in told.found["train"] for row in rows]
    points = body_points(told.settings, rows)
    splits = {
        split: _gathered(found, told.names, points, told.faults[split], split)
        for split, found in told.found.items()
    }
    splits["train"].notes.update(tree.notes)
    return together(splits)


@dataclass
class Labels:
    """What the text files of a folder hold.

    Args:
        names: Of the classes, by their numbers.
        settings: What the files with the names say besides.
        found: The images of each split, with their rows.
        faults: Where the faults of each split go.
    """

    names: list[str]
    settings: list[dict[str, Any]]
    found: dict[str, list[tuple[FoundImage, list[LabelRow]]]]
    faults: dict[str, Faults]


def read_labels(config: BaseDataConfig, tree: Tree) -> Labels:
    """The rows of every image, before it is known what their numbers are: boxes or polygons.

    Raises:
        UserError: No names, images or labels, or (unless skipped) a row that cannot be used.
    """
    files = names_files(tree.root, tree.ending(".txt"))
    names = class_names(files, f"data.root: {tree.place} has labels")
    if not tree.images:
        raise UserError(f"data.root: {tree.place} holds no image; expected {LAYOUT}")
    parts = split_images(tree, config.splits, files)
    faults = {
        split: Faults(config.on_error, part.place, Notes(part.place))
        for split, part in parts.items()
    }
    labels = _match(parts, tree, faults)
    found = {split: _read(part, labels, split, faults[split]) for split, part in parts.items()}
    return Labels(names, [one.settings for one in files], found, faults)


def _match(parts: dict[str, Part], tree: Tree, faults: dict[str, Faults]) -> dict[str, str | None]:
    """The text file of each image of all splits; None where it has none.

    Text files that are left go to images that have none, by what Label Studio adds to names.
    """
    split_of = {image: split for split, part in parts.items() for image in part.images}
    labels = {image: label_file(image) for image in split_of}
    used = {*labels.values(), *map(label_file, set(tree.images) - labels.keys())}
    left = {text: _stem(text) for text in tree.ending(".txt") if text not in used}
    left = {text: stem for text, stem in left.items() if _is_label(text, tree)}
    wanted = list(left.values())
    free: dict[tuple[str, str], list[str]] = {}
    for image, label in labels.items() if left else ():
        if label is None:
            for place in label_places(image):
                free.setdefault(_stem(place), []).append(image)
    for text, stem in left.items():
        if len(free.get(stem, ())) == 1 and wanted.count(stem) == 1:
            image = free[stem][0]
            labels[image] = text
            if composed(Path(text).stem) != composed(Path(image).stem):
                faults[split_of[image]].notes.add(RENAMED, shown(text))
        else:
            faults["train"].add(STRAY, f"{shown(text)} belongs to no image")
    return labels


def _stem(text: str) -> tuple[str, str]:
    return os.path.dirname(text), plain_stem(text)


def _is_label(text: str, tree: Tree) -> bool:
    """Whether a text file holds labels: in ``labels`` all do, elsewhere those with rows."""
    *folders, name = tree.relative(text).lower().split("/")
    return name not in NOT_LABELS and ("labels" in folders or _looks_like_rows(text))


def _read(
    part: Part, labels: dict[str, str | None], split: str, faults: Faults
) -> list[tuple[FoundImage, list[LabelRow]]]:
    """Each image of a split with its rows."""
    if not any(labels[path] for path in part.images) and split != "test":
        ways = " or ".join(shown(place) for place in label_places(part.images[0]))
        raise UserError(
            f"{part.place} has images, but no text file for any of them, expected one for each "
            f"with objects, such as {ways}"
        )
    found = []
    for path in part.images:
        image = FoundImage(Path(path), (1.0, 1.0))
        label = labels[path]
        found.append((image, read_rows(image, Path(label), faults) if label else []))
    return found


def _gathered(
    found: list[tuple[FoundImage, list[LabelRow]]],
    names: list[str],
    points: int | None,
    faults: Faults,
    split: str,
) -> BoxedImages:
    for image, rows in found:
        for row in rows:
            if image.fault is None and (one := found_object(row, names, points, image, faults)):
                image.objects.append(one)
    labelled = split == "train" or any(rows or image.fault for image, rows in found)
    images = (image for image, _ in found)
    return gather(images, names, faults, in_pixels=False, split=split, labelled=labelled)


def _looks_like_rows(text: str) -> bool:
    try:
        with open(text, encoding="utf-8-sig") as file:
            words = file.readline().split()
        return len(words) >= 5 and all(float(word) is not None for word in words)
    except (UnicodeDecodeError, ValueError):
        return False
