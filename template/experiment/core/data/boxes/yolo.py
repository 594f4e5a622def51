"""Boxes in YOLO's format: a text file an image, a row an object (docs.ultralytics.com/datasets).

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/data.yaml              names: [cat, dog]; or classes.txt, one name a line
    data/images/train/a.jpg     or: data/train/images/a.jpg, or to be split here: data/images/a.jpg
    data/labels/train/a.txt         data/train/labels/a.txt                       data/labels/a.txt

Each row is ``class x y width height``: the class's number, then the centre and the size of the box
as shares of the image's width and height. An image without a text file has no objects.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ...config.data import BoxDataConfig
from ...errors import UserError
from ...files import shown
from ..folders import check_has_train
from ..images.folder import images_inside
from ..split_names import SPELLINGS
from .annotations import Faults, FoundImage, FoundObject, all_in_colour_or_none, gather
from .boxed_images import BoxedImages

LAYOUT = "data.yaml or classes.txt, images/train/*.jpg and labels/train/*.txt"
ROW = "expected class, x, y, width, height, the last four from 0 to 1"


def names_file(root: Path) -> Path | None:
    """The file with the names of the classes, by which this format is known."""
    files = (root / name for name in ("classes.txt", "data.yaml", "data.yml"))
    return next((file for file in files if file.is_file()), None)


def load(config: BoxDataConfig, root: Path) -> dict[str, BoxedImages]:
    """The images below ``root`` by split: only "train" where there are no splits.

    Raises:
        UserError: No names, images or labels, or (unless skipped) a faulty row.
    """
    names = class_names(root)
    folders = _folders(root)
    if not folders:
        raise UserError(f"data.root: {shown(root)} holds no folder images; expected {LAYOUT}")
    splits = {split: _load(*pair, names, config.on_error) for split, pair in folders.items()}
    return all_in_colour_or_none(splits)


def class_names(root: Path) -> list[str]:
    """The names of the classes, in the order of their numbers.

    Raises:
        UserError: The file with the names is none.
    """
    file = names_file(root)
    if file is None:
        raise UserError(f"data.root: {shown(root)} names no classes; expected {LAYOUT}")
    wanted = "expected names: [cat, dog], or a name for each number from 0 on"
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix == ".txt":
            names = [line.strip() for line in text.rstrip().splitlines()]
        else:
            names = _in_order(yaml.safe_load(text)["names"])
    except UnicodeDecodeError:
        raise UserError(f"{shown(file)} is not text in UTF-8, expected names of classes") from None
    except (yaml.YAMLError, LookupError, TypeError, ValueError):
        raise UserError(f"{shown(file)} has no names, {wanted}") from None
    if "" in names:
        row = names.index("") + 1
        raise UserError(f"{shown(file)}:{row} is empty, expected the name of the class {row - 1}")
    if not names or len(set(names)) < len(names):
        raise UserError(
            f"{shown(file)} names {len(names)} classes, expected one or more, each once"
        )
    return names


def _in_order(names: Any) -> list[str]:
    """The names by their numbers, from a list of names or from numbers with a name each."""
    if isinstance(names, dict):
        by_number = {int(number): name for number, name in names.items()}
        names = [by_number[number] for number in range(len(names))]
    return [str(name) for name in names]


def _folders(root: Path) -> dict[str, tuple[Path, Path]]:
    """The folders of images and of labels of each split."""
    found = {}
    for split, words in SPELLINGS.items():
        for word in words:
            for images, labels in (
                (root / "images" / word, root / "labels" / word),
                (root / word / "images", root / word / "labels"),
            ):
                if images.is_dir():
                    found.setdefault(split, (images, labels))
    check_has_train(found, root)
    if found or not (root / "images").is_dir():
        return found
    return {"train": (root / "images", root / "labels")}


def _load(images: Path, labels: Path, names: list[str], on_error: str) -> BoxedImages:
    faults = Faults(on_error, shown(labels))
    paths = images_inside(images)
    if not paths:
        raise UserError(f"{shown(images)} holds no image; expected {LAYOUT}")
    if not labels.is_dir():
        raise UserError(
            f"{shown(labels)} is not there, which is for the labels of {shown(images)}; expected "
            f"{LAYOUT}"
        )
    text_files = [labels / path.relative_to(images).with_suffix(".txt") for path in paths]
    for stray in sorted(set(labels.rglob("*.txt")) - set(text_files)):
        if stray.name != "classes.txt":
            faults.add(f"{shown(stray)} belongs to no image in {shown(images)}")
    if not any(file.is_file() for file in text_files):
        raise UserError(
            f"{shown(labels)} has no text file for any image in {shown(images)}, expected one of "
            f"the same name for each with objects, such as {shown(text_files[0])}"
        )
    found = (
        FoundImage(path, (1.0, 1.0), list(_objects(file, names, faults)))
        for path, file in zip(paths, text_files, strict=True)
    )
    return gather(found, names, faults, in_pixels=False)


def _objects(file: Path, names: list[str], faults: Faults) -> Iterator[FoundObject]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines() if file.is_file() else []
    except UnicodeDecodeError:
        faults.add(f"{shown(file)} is not text in UTF-8, {ROW}")
        return
    for number, line in enumerate(lines, start=1):
        words, place = line.split(), f"{shown(file)}:{number}"
        if not words:
            continue
        try:
            label = int(words[0])
            x, y, width, height = (float(word) for word in words[1:])
        except ValueError:
            faults.add(f"{place}: {line.strip()[:40]!r} is no box, {ROW}")
            continue
        if max(x, y, width, height) > 1.5:  # a little more is a box that reaches out of its image
            faults.add(f"{place}: {line.strip()[:40]!r} is in pixels, {ROW}")
            continue
        name = names[label] if 0 <= label < len(names) else f"number {label}"
        box = x - width / 2, y - height / 2, x + width / 2, y + height / 2
        yield FoundObject(name, box, place)
