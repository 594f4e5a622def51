"""Boxes in COCO's format: one JSON file a split (cocodataset.org/#format-data).

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/annotations/instances_train2017.json     or:   data/train/_annotations.coco.json
    data/train2017/*.jpg                                data/train/*.jpg
    (the same for val and test; a single data/*.json beside data/images/ is split here)

Files of COCO's other tasks, such as captions, are passed over. Groups that one box stands for
(``iscrowd``) are left out, as they are no single objects.
"""

from pathlib import Path
from typing import Any

from ...config.data import BoxDataConfig
from ...errors import UserError
from ...files import shown
from ..notes import Notes
from .annotations import gather, together
from .boxed_images import BoxedImages
from .coco_files import split_files
from .coco_images import listed_images
from .coco_json import annotated, categories, read
from .found import Faults
from .tree import Tree

LAYOUT = "annotations/instances_train2017.json and train2017/, or train/_annotations.coco.json"
GROUPS = "categories are groups of others, without annotations: no classes"
UNLISTED = "images are in no file of annotations that is read: passed over"
UNKNOWN = "categories are none of the training's, and without annotations: passed over"


def load(config: BoxDataConfig, tree: Tree) -> dict[str, BoxedImages]:
    """The images of a folder by split: only "train" where there is one file.

    Raises:
        UserError: No such file, a file in another format, or (unless skipped) an annotation that
            cannot be used.
    """
    files = split_files(tree, config.splits)
    if not files:
        raise UserError(f"data.root: {tree.place} holds no annotations; expected {LAYOUT}")
    contents = {split: read(file, split) for split, file in files.items()}
    names = class_names(contents, files, tree.notes)
    used: set[str] = set()
    splits = {
        split: _convert(contents[split], files[split], tree, names, split, config.on_error, used)
        for split in files
    }
    for path in tree.images:
        if path not in used:
            tree.notes.add(UNLISTED, shown(path))
    splits["train"].notes.update(tree.notes)
    return together(splits)


def class_names(
    contents: dict[str, dict[str, Any]], files: dict[str, Path], notes: Notes
) -> list[str]:
    """The classes, in the order of their numbers: the training's categories that are no groups.

    Roboflow's category 0 is one that others name as theirs, and that nothing is annotated as.
    """
    numbered = categories(contents["train"], files["train"])
    by_split = {split: categories(content, files[split]) for split, content in contents.items()}
    used = {
        by_split[split].get(number)
        for split, content in contents.items()
        for number in _annotated_categories(content)
    }
    for split, of_file in by_split.items():
        for name in sorted(set(of_file.values()) - set(numbered.values()) - used):
            notes.add(UNKNOWN, f"{shown(files[split])}: {name}")
    groups = {
        str(one.get("supercategory"))
        for one in contents["train"]["categories"]
        if one.get("supercategory") != one.get("name")
    } - {"None", "none", ""}  # how tools write that there is none
    names = []
    for number in sorted(numbered):
        if numbered[number] in groups - used:
            notes.add(GROUPS, f"{shown(files['train'])}: {numbered[number]}")
        else:
            names.append(numbered[number])
    return names or [numbered[number] for number in sorted(numbered)]


def _annotated_categories(content: dict[str, Any]) -> set[Any]:
    rows = content["annotations"]
    found = {str(one.get("category_id")) for one in rows if isinstance(one, dict)}
    return {int(number) for number in found if number.lstrip("-").isdigit()}


def _convert(
    content: dict[str, Any],
    file: Path,
    tree: Tree,
    names: list[str],
    split: str,
    on_error: str,
    used: set[str],
) -> BoxedImages:
    """The images of one file; ``used`` gets them, whether they can be used or not."""
    faults = Faults(on_error, shown(file), Notes(shown(file)))
    images, ids = listed_images(content, file, tree, split, faults)
    used.update(str(image.file) for image in images)
    annotated(content, ids, categories(content, file), faults)
    labelled = split != "test" or bool(content["annotations"])
    return gather(images, names, faults, split=split, labelled=labelled)
