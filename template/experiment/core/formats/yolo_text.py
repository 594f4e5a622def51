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

import yaml

from ..errors import UserError
from ..run import shown
from .boxed_images import BoxedImages
from .folders import SPLITS
from .found_boxes import Faults, FoundImage, FoundObject, all_in_colour_or_none, gather
from .image_folder import images_inside

LAYOUT = "data.yaml or classes.txt, images/train/*.jpg and labels/train/*.txt"
ROW = "expected class, x, y, width, height, the last four from 0 to 1"


def is_here(root: Path) -> bool:
    """Whether ``root`` holds data in this format."""
    return any((root / name).is_file() for name in ("data.yaml", "data.yml", "classes.txt"))


def load(root: Path, on_error: str = "raise") -> dict[str, BoxedImages]:
    """The images below ``root`` by split: only "train" where there are no splits.

    Raises:
        UserError: No names, no images, or (unless skipped) a faulty row.
    """
    names = class_names(root)
    folders = _folders(root)
    if not folders:
        raise UserError(f"data.root: {shown(root)} holds no folder images; expected {LAYOUT}")
    splits = {split: _load(*pair, names, on_error) for split, pair in folders.items()}
    return all_in_colour_or_none(splits)


def class_names(root: Path) -> list[str]:
    """The names of the classes, in the order of their numbers.

    Raises:
        UserError: The file with the names is none.
    """
    text = root / "classes.txt"
    if text.is_file():
        names = [line.strip() for line in text.read_text(encoding="utf-8").splitlines()]
        names = [name for name in names if name]
        file = text
    else:
        file = next(root / name for name in ("data.yaml", "data.yml") if (root / name).is_file())
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
            found = content["names"]
            ordered = [found[key] for key in sorted(found)] if isinstance(found, dict) else found
            names = [str(name) for name in ordered]
        except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError):
            raise UserError(f"{shown(file)} has no names, expected names: [cat, dog]") from None
    if not names or len(set(names)) < len(names):
        raise UserError(
            f"{shown(file)} names {len(names)} classes, expected one or more, each once"
        )
    return names


def _folders(root: Path) -> dict[str, tuple[Path, Path]]:
    """The folders of images and of labels of each split."""
    found = {}
    for split, words in SPLITS.items():
        for word in words:
            for images, labels in (
                (root / "images" / word, root / "labels" / word),
                (root / word / "images", root / word / "labels"),
            ):
                if images.is_dir():
                    found.setdefault(split, (images, labels))
    if "train" in found:
        return found
    return {"train": (root / "images", root / "labels")} if (root / "images").is_dir() else {}


def _load(images: Path, labels: Path, names: list[str], on_error: str) -> BoxedImages:
    faults = Faults(on_error, shown(labels))
    paths = images_inside(images)
    if not paths:
        raise UserError(f"{shown(images)} holds no image; expected {LAYOUT}")
    text_files = [labels / path.relative_to(images).with_suffix(".txt") for path in paths]
    for stray in sorted(set(labels.rglob("*.txt")) - set(text_files)):
        if stray.name != "classes.txt":
            faults.add(f"{shown(stray)} belongs to no image in {shown(images)}")
    found = (
        FoundImage(path, (1.0, 1.0), list(_objects(file, names, faults)))
        for path, file in zip(paths, text_files, strict=True)
    )
    return gather(found, names, faults, in_pixels=False)


def _objects(file: Path, names: list[str], faults: Faults) -> Iterator[FoundObject]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
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
