"""Boxes in COCO's format: one JSON file a split (cocodataset.org/#format-data).

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/annotations/instances_train2017.json     or:   data/train/_annotations.coco.json
    data/train2017/*.jpg                                data/train/*.jpg
    (the same for val and test; a single data/*.json beside data/images/ is split here)

Groups that one box stands for (``iscrowd``) are left out, as they are no single objects.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..run import shown
from .boxed_images import BoxedImages
from .folders import SPLITS
from .found_boxes import Faults, FoundImage, FoundObject, gather
from .images import common_channels, open_file

LAYOUT = "annotations/instances_train2017.json and train2017/, or train/_annotations.coco.json"
EXPECTED = "expected COCO's images, annotations and categories"


def load(root: Path, on_error: str = "raise") -> dict[str, BoxedImages]:
    """The images below ``root`` by split: only "train" where there is one file.

    Raises:
        UserError: No such file, a file in another format, or (unless skipped) a faulty annotation.
    """
    files = split_files(root)
    if not files:
        raise UserError(f"data.root: {shown(root)} holds no annotations; expected {LAYOUT}")
    contents = {split: read(file) for split, file in files.items()}
    return {
        split: convert(contents[split], file, image_folders(file, root, split), names, on_error)
        for names in [class_names(contents["train"], files["train"])]
        for split, file in files.items()
    }


def split_files(root: Path) -> dict[str, Path]:
    """The annotations of each split; one file alone is for training."""
    files = sorted(path for path in root.rglob("*.json") if not path.name.startswith("."))
    found = {
        split: file
        for split, words in SPLITS.items()
        for file in files
        if any(file.parent.name == word or word in _words(file) for word in words)
        and not any(file.stem.startswith(other) for other in ("captions", "person_keypoints"))
    }
    return found if "train" in found else {"train": files[0]} if len(files) == 1 else {}


def image_folders(file: Path, root: Path, split: str) -> list[Path]:
    """Where the images of a file of annotations may lie."""
    words = [file.stem.rpartition("_")[2], *SPLITS[split]]  # instances_train2017: train2017
    within = [root, root / "images"]
    folders = [file.parent, *within, *(place / word for word in words for place in within)]
    return [folder for folder in folders if folder.is_dir()]


def read(file: Path) -> dict[str, Any]:
    """The contents of a file of annotations.

    Raises:
        UserError: It is no JSON, or not COCO's.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UserError(
            f"{shown(file)}:{error.lineno}: no JSON ({error.msg}), {EXPECTED}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{shown(file)} cannot be read ({error}), {EXPECTED}") from None
    lists = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not all(isinstance(content.get(k), list) for k in lists):
        raise UserError(f"{shown(file)} is JSON of another kind, {EXPECTED}")
    return content


def class_names(content: dict[str, Any], file: Path) -> list[str]:
    """The names of the classes, in the order of their numbers in the file.

    Raises:
        UserError: There is none, or a name occurs twice.
    """
    try:
        categories = sorted(content["categories"], key=lambda category: category["id"])
        names = [str(category["name"]) for category in categories]
    except (KeyError, TypeError) as error:
        raise UserError(f"{shown(file)}: a category without {error}, expected id, name") from None
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or not names:
        fault = f"the category {twice[0]} twice" if twice else "no category"
        raise UserError(f"{shown(file)} has {fault}, expected each class once")
    return names


def convert(
    content: dict[str, Any], file: Path, folders: list[Path], names: list[str], on_error: str
) -> BoxedImages:
    """The images of one file.

    Args:
        content: What the file holds.
        file: The file, for messages.
        folders: Where its images may lie.
        names: The classes, in the order of their numbers.
        on_error: ``raise`` or ``skip``, at a faulty annotation.
    """
    faults = Faults(on_error, shown(file))
    images = list(_images(content, folders, faults))
    _add_objects(content, dict(images), faults)
    paths = [image.file for _, image in images if image.file.is_file()]
    channels = common_channels(len(paths), partial(open_file, paths))
    return gather((image for _, image in images), names, channels, faults)


def _images(
    content: dict[str, Any], folders: list[Path], faults: Faults
) -> Iterator[tuple[Any, FoundImage]]:
    """Each image with its number in the file."""
    seen = set()
    for row, image in enumerate(content["images"]):
        try:
            number, name = image["id"], str(image["file_name"])
            size = float(image["height"]), float(image["width"])
        except (KeyError, TypeError, ValueError):
            wanted = "id, file_name, height and width"
            faults.add(f"{faults.source}: images[{row}] is incomplete, expected {wanted}")
            continue
        if number in seen:
            faults.add(f"{faults.source}: images[{row}] has the id {number} again, expected once")
            continue
        seen.add(number)
        yield number, FoundImage(_find(name, folders), size, [])


def _find(name: str, folders: Iterable[Path]) -> Path:
    places = [folder / name for folder in folders]
    return next((place for place in places if place.is_file()), places[0] if places else Path(name))


def _add_objects(content: dict[str, Any], images: dict[Any, FoundImage], faults: Faults) -> None:
    names = {category["id"]: str(category["name"]) for category in content["categories"]}
    for row, one in enumerate(content["annotations"]):
        place = f"{faults.source}: annotations[{row}]"
        try:
            place += f" (id {one['id']})" if "id" in one else ""
            left, top, width, height = (float(number) for number in one["bbox"])
            image, category, is_group = one["image_id"], one["category_id"], one.get("iscrowd")
        except (KeyError, TypeError, ValueError):
            faults.add(f"{place} is incomplete, expected image_id, category_id, bbox of 4 numbers")
            continue
        if image not in images:
            faults.add(f"{place} is of the image {image}, which is missing from images")
        elif not is_group:
            box = left, top, left + width, top + height
            name = names.get(category, str(category))
            images[image].objects.append(FoundObject(name, box, place))


def _words(file: Path) -> list[str]:
    """``instances_train2017.json``: instances, train."""
    letters = "".join(letter if letter.isalpha() else " " for letter in file.stem.lower())
    return letters.split()
