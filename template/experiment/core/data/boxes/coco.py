"""Boxes in COCO's format: one JSON file a split (cocodataset.org/#format-data).

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/annotations/instances_train2017.json     or:   data/train/_annotations.coco.json
    data/train2017/*.jpg                                data/train/*.jpg
    (the same for val and test; a single data/*.json beside data/images/ is split here)

Files of COCO's other tasks, such as captions, are passed over. Groups that one box stands for
(``iscrowd``) are left out, as they are no single objects.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...config.data import BoxDataConfig
from ...errors import UserError
from ...files import shown
from ..folders import check_has_train
from ..split_names import SPELLINGS
from .annotations import Faults, FoundImage, FoundObject, all_in_colour_or_none, gather
from .boxed_images import BoxedImages

LAYOUT = "annotations/instances_train2017.json and train2017/, or train/_annotations.coco.json"
OTHER_TASKS = ("captions", "image_info", "panoptic", "person_keypoints", "stuff")
EXPECTED = "expected COCO's images, annotations and categories"


def load(config: BoxDataConfig, root: Path) -> dict[str, BoxedImages]:
    """The images below ``root`` by split: only "train" where there is one file.

    Raises:
        UserError: No such file, a file in another format, or (unless skipped) a faulty annotation.
    """
    files = split_files(root)
    if not files:
        raise UserError(f"data.root: {shown(root)} holds no annotations; expected {LAYOUT}")
    contents = {split: read(file) for split, file in files.items()}
    by_number = categories(contents["train"], files["train"])
    names = [by_number[number] for number in sorted(by_number)]
    splits = {
        split: convert(
            contents[split], file, image_folders(file, root, split), names, config.on_error
        )
        for split, file in files.items()
    }
    return all_in_colour_or_none(splits)


def split_files(root: Path) -> dict[str, Path]:
    """The annotations of each split; one file alone is for training.

    Raises:
        UserError: Two files are for the same split, or none is to train on.
    """
    visible = (path for path in sorted(root.rglob("*.json")) if not path.name.startswith("."))
    files = [path for path in visible if not path.stem.startswith(OTHER_TASKS)]
    if len(files) == 1:
        return {"train": files[0]}
    found = {}
    for split, words in SPELLINGS.items():
        fitting = [file for file in files if {file.parent.name, *_words(file)} & {*words}]
        if len(fitting) > 1:
            names = " and ".join(shown(file) for file in fitting[:2])
            raise UserError(f"data.root: {names} are both for {split}, expected one: move the rest")
        if fitting:
            found[split] = fitting[0]
    check_has_train(found, root)
    return found


def image_folders(file: Path, root: Path, split: str) -> list[Path]:
    """Where the images of a file of annotations may lie."""
    words = [file.stem.rpartition("_")[2], *SPELLINGS[split]]  # instances_train2017: train2017
    within = [root, root / "images"]
    folders = [file.parent, *within, *(place / word for word in words for place in within)]
    return [folder for folder in folders if folder.is_dir()]


def read(file: Path) -> dict[str, Any]:
    """The contents of a file of annotations.

    Raises:
        UserError: It is no JSON, or not COCO's.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
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


def categories(content: dict[str, Any], file: Path) -> dict[int, str]:
    """The names of the classes by their numbers in the file.

    Raises:
        UserError: There is none, or a number or name occurs twice.
    """
    found: dict[int, str] = {}
    for row, category in enumerate(content["categories"]):
        try:
            number, name = int(category["id"]), str(category["name"])
        except (KeyError, TypeError, ValueError):
            raise UserError(
                f"{shown(file)}: categories[{row}] is incomplete, expected id, a number, and name"
            ) from None
        if number in found or name in found.values():
            twice = name if name in found.values() else f"number {number}"
            raise UserError(f"{shown(file)} has the category {twice} twice, expected each once")
        found[number] = name
    if not found:
        raise UserError(f"{shown(file)} has no category, expected one or more")
    return found


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
    _add_objects(content, dict(images), categories(content, file), faults)
    return gather((image for _, image in images), names, faults)


def _images(
    content: dict[str, Any], folders: list[Path], faults: Faults
) -> Iterator[tuple[Any, FoundImage]]:
    """Each image with its number in the file."""
    seen: set[Any] = set()
    for row, image in enumerate(content["images"]):
        try:
            number, name = _hashable(image["id"]), str(image["file_name"])
            size = float(image["height"]), float(image["width"])
        except (KeyError, TypeError, ValueError):
            wanted = "id, file_name, height and width"
            faults.add(f"{faults.source}: images[{row}] is incomplete, expected {wanted}")
            continue
        if twice := {number, name} & seen:
            again = f"the id {number}" if number in twice else f"the file {name}"
            faults.add(f"{faults.source}: images[{row}] has {again} again, expected once")
            continue
        seen |= {number, name}
        yield number, FoundImage(_find(name, folders), size, [])


def _find(name: str, folders: Iterable[Path]) -> Path:
    places = [folder / name for folder in folders]
    return next((place for place in places if place.is_file()), places[0] if places else Path(name))


def _add_objects(
    content: dict[str, Any], images: dict[Any, FoundImage], names: dict[int, str], faults: Faults
) -> None:
    for row, one in enumerate(content["annotations"]):
        place = f"{faults.source}: annotations[{row}]"
        try:
            place += f" (id {one['id']})" if "id" in one else ""
            left, top, width, height = (float(number) for number in one["bbox"])
            image, category = _hashable(one["image_id"]), int(one["category_id"])
            is_group = one.get("iscrowd")
        except (KeyError, TypeError, ValueError):
            faults.add(f"{place} is incomplete, expected image_id, category_id, bbox of 4 numbers")
            continue
        if image not in images:
            faults.add(f"{place} is of the image {image}, which is missing from images")
        elif not is_group:
            box = left, top, left + width, top + height
            name = names.get(category, str(category))
            images[image].objects.append(FoundObject(name, box, place))


def _hashable(number: Any) -> Any:
    """What identifies an image: a number, as a rule.

    Raises:
        TypeError: It is a list or the like.
    """
    hash(number)
    return number


def _words(file: Path) -> list[str]:
    """``instances_train2017.json``: instances, train."""
    letters = "".join(letter if letter.isalpha() else " " for letter in file.stem.lower())
    return letters.split()
