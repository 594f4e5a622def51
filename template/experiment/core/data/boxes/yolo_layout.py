"""Which images are which split in YOLO's layouts, and where the labels of each lie.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...files import shown
from ..folders import NO_SPLIT, check_has_train
from ..split_names import SPLITS, Stated, meaning, named_splits, refuse_ambiguous, stated_splits
from .tree import Tree, folders_above
from .yolo_lists import Entries
from .yolo_names import NamesFile

IMAGES, LABELS = "images", ("labels", "Labels", "LABELS")
OUTSIDE = "images lie in no split: passed over"


@dataclass
class Part:
    """The images of a split, and the folders or lists that they are from."""

    place: str
    images: list[str]


def split_images(tree: Tree, stated: Stated, files: list[NamesFile]) -> dict[str, Part]:
    """The images of each split; only "train" where there are no splits.

    ``data.splits`` comes first, then what a file with the names states, then folders' names.

    Raises:
        UserError: What is stated is not there, or folders can be read in two ways.
    """
    parts = _stated(tree, stated) if stated is not None else _followed(tree, files)
    everything = [image for part in parts.values() for image in part.images]
    for image in sorted(set(tree.images) - set(everything)):
        tree.notes.add(OUTSIDE, shown(image))
    return {split: parts[split] for split in SPLITS if split in parts}


def label_file(image: str) -> str | None:
    """The text file of an image: in ``labels`` as it is in ``images``, or beside it.

    Raises:
        UserError: There are both.
    """
    found = [path for path in label_places(image) if os.path.isfile(path)]
    if len(found) > 1:
        raise UserError(
            f"{shown(found[0])} and {shown(found[1])} are both for {shown(image)}: delete one"
        )
    return found[0] if found else None


def label_places(image: str) -> list[str]:
    """Where the text file of an image may be, the likeliest first."""
    stem = os.path.splitext(image)[0] + ".txt"
    parts = stem.split(os.sep)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place].lower() == IMAGES:
            start = os.sep.join(parts[:place])
            folders = [os.path.join(start, name) for name in LABELS]
            folder = next((one for one in folders if os.path.isdir(one)), folders[0])
            return [os.path.join(folder, *parts[place + 1 :]), stem]
    return [stem]


def _stated(tree: Tree, stated: Mapping[str, str | None]) -> dict[str, Part]:
    base = _base(tree)
    names = [path.name for folder in {base, tree.root} for path in folder.iterdir()]

    def place(name: str) -> Path:
        return next((one for one in (tree.root / name, base / name) if one.exists()), tree.root)

    def there(name: str) -> bool:
        return (tree.root / name).exists() or (base / name).exists()

    chosen = stated_splits(stated, there, names)
    if not chosen:
        return {"train": Part(tree.place, tree.images)}
    entries = Entries(tree, tree.root, {})
    return {split: Part(*entries.of(place(name))) for split, name in chosen.items()}


def _followed(tree: Tree, files: list[NamesFile]) -> dict[str, Part]:
    """As a file states them; what it says nothing of is found by the names of folders."""
    told = {}
    for file in files:
        keys = named_splits(_split_keys(file.settings), shown(file.path))
        if keys:
            told[file.path] = keys, file.settings
    if not told:
        return _by_folders(tree)
    if len(told) > 1:
        names = " and ".join(shown(path) for path in list(told)[:2])
        raise UserError(f"{names} both say which images are for training: delete the wrong one")
    ((path, (keys, settings)),) = told.items()
    entries = Entries(tree, path, settings)
    parts = {split: Part(*entries.stated(keys[split], settings[keys[split]])) for split in keys}
    silent = {meaning(key) for key in settings if settings[key] is None} | parts.keys()
    if set(SPLITS) - silent:
        try:
            others = _by_folders(tree)
        except UserError:  # the file says enough
            return parts
        if set(others["train"].images) == set(parts["train"].images):
            return {**{k: v for k, v in others.items() if k not in silent}, **parts}
    return parts


def _split_keys(settings: dict[str, Any]) -> list[str]:
    return [
        key for key, value in settings.items() if isinstance(value, (str, list)) and value != ""
    ]


def _by_folders(tree: Tree) -> dict[str, Part]:
    base = _base(tree)
    labelled = folders_above([one for one in tree.images if label_file(one)], tree.root)
    holding = folders_above(tree.images, tree.root)
    names = [path.name for path in sorted(base.iterdir()) if str(path) in holding]
    splits = named_splits([name for name in names if str(base / name) in labelled], shown(base))
    found = {split: name for name in names if (split := meaning(name)) is not None}
    if not splits:
        check_has_train({} if "train" in found else found, tree.root)
        return {"train": Part(shown(base), tree.images_below(base))}
    splits = {**found, **splits}  # one that is held out may be without labels
    for name in names:
        if name not in splits.values():
            if str(base / name) in labelled:
                every = ", ".join([*splits.values(), name])
                raise refuse_ambiguous(shown(base), splits, f"folders of one set: {every}")
            tree.notes.add(NO_SPLIT, shown(base / name))
    return {
        split: Part(shown(base / name), tree.images_below(base / name))
        for split, name in splits.items()
    }


def _base(tree: Tree) -> Path:
    """The folder in which there may be a folder a split."""
    inside = [p for p in sorted(tree.root.iterdir()) if p.name.lower() == IMAGES and p.is_dir()]
    return inside[0] if inside else tree.root
