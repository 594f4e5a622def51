"""Which folders are classes, and which only hold what says something of the images.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import UserError
from ...files import shown, writable
from ..folders import composed, folder_names, holds, is_left_behind, paths_below
from ..notes import Notes
from ..split_lists import may_list
from ..split_names import FILLERS, meaning
from .suffixes import is_image

NO_CLASS = {"_unlabeled", "_unlabelled"}  # FiftyOne's, beside the classes: for what has none
# What tools call the folder of a split of which no class is known.
UNLABELLED = {*NO_CLASS, "unknown", "unlabeled", "unlabelled"}
LAYOUT = "train/CLASS/IMAGE or CLASS/IMAGE"


def classes_of(folder: Path) -> list[str]:
    """The names of the class folders, of which there must be two."""
    names = [name for name in class_folders(folder) if name.lower() not in NO_CLASS]
    if not names:
        raise UserError(f"{shown(folder)} holds no folder for a class; expected {LAYOUT}")
    if len(names) == 1:
        raise UserError(
            f"{shown(folder)} holds one class only, {writable(names[0])}; expected at least two"
            + _inside(folder / names[0])
        )
    return names


def class_folders(folder: Path) -> list[str]:
    """The folders right in a folder, without those of lists that say what is of which split."""
    return [name for name in folder_names(folder) if not _holds_lists(folder / name)]


def beside_others(root: Path, notes: Notes) -> Path:
    """The root, or the one folder of classes in it, as Food-101 has images/ beside meta/.

    Args:
        root: What holds class folders, splits, or the folder that does.
        notes: Where the others are counted, but for those of lists.
    """
    every = names = class_folders(root)
    if len(every) > 1:  # CUB-200-2011 has images/ beside parts/ and attributes/
        names = [name for name in every if name.lower() in FILLERS]
        if any(meaning(name) or (name not in names and _shows(root / name)) for name in every):
            return root
    is_beside = len(names) == 1 and len(folder_names(root)) > 1
    if not is_beside or not has_folders(root / names[0]):
        return root
    for name in every:
        if name not in names:
            notes.add("folders hold no image: passed over", shown(root / name))
    return root / names[0]


def _holds_lists(folder: Path) -> bool:
    """Whether a folder has, at any depth, files that are called as such lists are, and no image."""
    return not _shows(folder) and any(map(may_list, paths_below(folder)))


def _shows(folder: Path) -> bool:
    """Whether there is an image in a folder, at any depth."""
    if has_images(folder) or any(any(map(is_image, names)) for names in _names_below(folder)):
        return True
    return any(map(is_image, paths_below(folder)))  # links are followed


def _names_below(folder: Path) -> Iterator[list[str]]:
    """The names of the files in each folder, the outer first, of which one may be enough."""
    for _, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_left_behind(name)]
        yield [name for name in names if not is_left_behind(name)]


def _inside(folder: Path) -> str:
    """A hint, where what seems a class is the folder of an archive beside its README."""
    return f": are they in data.root={shown(folder)}?" if has_folders(folder) else ""


def as_spelled(folders: Sequence[str], classes: Sequence[str]) -> dict[str, str]:
    """Each folder by the name of its class: two systems may have written an accent in two ways."""
    spelled = {composed(name): name for name in classes if name not in folders}
    return {
        name if name in classes else spelled.get(composed(name), name): name for name in folders
    }


def few(names: Sequence[str]) -> str:
    return ", ".join([*map(writable, names[:4]), *(["..."] if len(names) > 4 else [])])


def has_no_labels(split: str, folders: Sequence[str], classes: Sequence[str]) -> bool:
    """Whether nobody knows the classes: there are no folders, or one that is named for none."""
    if len(folders) != 1 or folders[0] in classes:
        return not folders
    name = folders[0].lower()
    return name in UNLABELLED or name in FILLERS or meaning(name) == split


def has_folders(folder: Path) -> bool:
    return holds(folder, lambda entry: entry.is_dir())


def has_images(folder: Path) -> bool:
    return holds(folder, lambda entry: is_image(entry.name) and entry.is_file())
