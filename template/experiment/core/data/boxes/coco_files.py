"""Which files of COCO's annotations are for which split, and where the images of each may lie.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

import mmap
import os
from collections.abc import Mapping
from pathlib import Path

from ...errors import UserError
from ...files import shown
from ..folders import check_has_train
from ..split_names import Stated, named_splits, stated_splits, word_meaning
from .tree import Tree

# Files of COCO's other tasks. Those of images without annotations are for predict, those of
# people's bodies for when there is nothing else: they have boxes, of one class.
OTHER_TASKS = ("captions", "panoptic", "stuff", "sem_seg", "labels_")
IMAGE_INFO, BODIES = "image_info", "person_keypoints"
NOT_COCO = "JSON files are no annotations of boxes in COCO's format: passed over"
NO_SPLIT = "files of annotations belong to no split: passed over"
INSIDE = ("", "data", "images")  # where images lie within a folder: FiftyOne's data/


def split_files(tree: Tree, stated: Stated = None) -> dict[str, Path]:
    """The annotations of each split; one file alone is for training, empty if there is none.

    Args:
        tree: What lies in ``data.root``.
        stated: ``data.splits``: files, or the folders that they are alone in.

    Raises:
        UserError: Two files are for the same split, none is to train on, or none says it.
    """
    files, others, strange = _candidates(tree)
    if stated:
        return _stated(tree, stated, [*files, *others])
    for path in strange if files else ():
        tree.notes.add(NOT_COCO, shown(path))
    if not files:
        return {}
    names = {tree.relative(file): file for file in files}
    found = named_splits(names, tree.place) if stated is None else {}
    if not found and len(files) == 1:
        meant = word_meaning(next(iter(names))) if stated is None else None
        found = {meant or "train": next(iter(names))}
    if not found:
        held = {split for name in names if (split := word_meaning(name)) is not None}
        check_has_train(held, tree.root)
        few = ", ".join(list(names)[:4])
        raise UserError(
            f"data.root: {tree.place} has several files of annotations, {few}, and their names do "
            "not say which is to train on: data.splits='{train: FILE, val: FILE}' does"
        )
    check_has_train(found, tree.root)
    files_of = {split: Path(names[name]) for split, name in found.items()}
    for file in files:
        if Path(file) not in files_of.values():
            tree.notes.add(NO_SPLIT, shown(file))
    return {**_without_annotations(tree, others), **files_of}


def candidates(tree: Tree) -> list[str]:
    """The files that may hold annotations of boxes."""
    return _candidates(tree)[0]


def can_train(tree: Tree) -> bool:
    """Whether there is a file of annotations that may be to train on."""
    meant = (word_meaning(tree.relative(file)) for file in candidates(tree))
    return any(split in ("train", None) for split in meant)


def image_folders(file: Path, tree: Tree, split: str) -> list[str]:
    """Where the images of a file of annotations may lie, the likeliest first.

    Beside it, or in the folders of its split: by its name's end (instances_train2017: train2017),
    or by what their names mean.
    """
    end = file.stem.rpartition("_")[2]
    bases = [os.path.join(tree.root, name) for name in INSIDE]
    named = [os.path.join(base, end) for base in bases]
    for base in bases:
        if os.path.isdir(base):
            named += [
                os.path.join(base, name)
                for name in sorted(os.listdir(base))
                if word_meaning(name) == split
            ]
    beside = [str(file.parent), str(file.parent.parent)]
    places = [beside[0], *named, beside[1] if beside[0] != str(tree.root) else "", *bases]
    within = [os.path.join(place, name) for place in places if place for name in INSIDE]
    return [place for place in dict.fromkeys(map(os.path.normpath, within)) if os.path.isdir(place)]


def _candidates(tree: Tree) -> tuple[list[str], list[str], list[str]]:
    """The files of boxes, those of images without annotations, and those of another kind."""
    files, infos, bodies, strange = [], [], [], []
    for path in tree.ending(".json"):
        name = os.path.basename(path).lower()
        if name.startswith(OTHER_TASKS):
            continue
        if not _may_be_coco(path) and not _is_named_so(name):
            strange.append(path)
        elif name.startswith(IMAGE_INFO):
            infos.append(path)
        else:
            (bodies if name.startswith(BODIES) else files).append(path)
    return files or bodies, infos, strange


def _without_annotations(tree: Tree, infos: list[str]) -> dict[str, Path]:
    """COCO's test images: image_info_test2017.json; test-dev's are a part of them."""
    for path in infos:
        if word_meaning(tree.relative(path).replace(IMAGE_INFO, "")) == "test":
            return {"test": Path(path)}
    return {}


def _stated(tree: Tree, stated: Mapping[str, str | None], files: list[str]) -> dict[str, Path]:
    inside: dict[str, list[str]] = {}
    for file in files:
        inside.setdefault(tree.relative(Path(file).parent), []).append(file)

    def place(name: str) -> Path:
        alone = inside.get(Path(name).as_posix(), [])
        return Path(alone[0]) if len(alone) == 1 else tree.root / name

    names = [tree.relative(file) for file in files]
    chosen = stated_splits(stated, lambda name: place(name).is_file(), names)
    return {split: place(name) for split, name in chosen.items()}


def _may_be_coco(path: str) -> bool:
    """Whether a file speaks of images, as COCO's do; a gigabyte is looked through in a second."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            return text.find(b'"images"') >= 0
    except (OSError, ValueError):  # an empty file cannot be mapped
        return False


def _is_named_so(name: str) -> bool:
    """Whether a file is called as COCO's are, so that what is wrong in it should be said."""
    stem = name.removesuffix(".json")
    return stem.startswith(("instances", "_annotations.coco")) or word_meaning(stem) is not None
