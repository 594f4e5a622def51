"""Files in folders, as every reader of folders looks at them.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

import os
import unicodedata
from collections.abc import Callable, Collection, Container
from operator import attrgetter
from pathlib import Path

from ..errors import UserError
from ..files import shown
from .notes import Notes
from .split_names import (
    SPLITS,
    Stated,
    meaning,
    named_splits,
    refuse_ambiguous,
    stated_splits,
    word_meaning,
)

# What desktops, archives and file servers leave behind.
LEFT_BEHIND = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "lost+found"}
LEFT_BEHIND |= {"$recycle.bin", "system volume information", "icon\r"}  # in any capitals
# Hidden, and no news to anybody.
UNTOLD = {".DS_Store", ".directory", ".localized", ".git", ".gitattributes", ".gitignore"}
UNTOLD |= {".gitkeep", ".dvc", ".dvcignore", ".cache", ".huggingface", ".ipynb_checkpoints"}
UNTOLD |= {".tokens", ".datasets", ".locks"}
HIDDEN = "files or folders are hidden: passed over"
NO_SPLIT = "folders belong to no split: passed over"


def split_folders(
    root: Path,
    stated: Stated,
    holds_examples: Callable[[Path], bool],
    is_one_of_many: Callable[[Path], bool],
    many: str,
    notes: Notes,
) -> dict[str, Path]:
    """The folder of each split; only "train", which is ``root``, where there are no splits.

    Args:
        root: ``data.root``.
        stated: ``data.splits``.
        holds_examples: Whether a folder looks like a split: it has class folders inside, say.
        is_one_of_many: Whether it looks like what a split consists of, say a class: then ``root``
            may itself be a split.
        many: What those are, as "classes".
        notes: Where folders go that belong to no split.

    Raises:
        UserError: A folder that is stated is not there, there are held-out examples but none to
            train on, or the folders can be read in two ways.
    """
    if stated is not None:
        chosen = stated_splits(stated, lambda name: (root / name).is_dir(), folder_names(root))
        for name in folder_names(root) if chosen else ():
            if not any(Path(one).parts[0] == name for one in chosen.values()):
                notes.add(NO_SPLIT, shown(root / name))
        return {split: root / name for split, name in chosen.items()} or {"train": root}
    names = folder_names(root)
    meant = [name for name in names if word_meaning(name) and holds_examples(root / name)]
    splits = named_splits(meant, shown(root))
    if splits:
        # A held-out split may be without labels, and so without folders.
        for name in names:
            if (split := meaning(name)) is not None and is_one_of_many(root / name):
                splits.setdefault(split, name)
        others = [name for name in names if name not in splits.values()]
        if rivals := [name for name in others if is_one_of_many(root / name)]:
            every = ", ".join([*splits.values(), *rivals])
            raise refuse_ambiguous(shown(root), splits, f"{many}: {every}")
        for name in others:
            notes.add(NO_SPLIT, shown(root / name))
        return {split: root / name for split, name in splits.items()}
    found = {split: name for name in names if (split := meaning(name)) is not None}
    held = [split for split, name in found.items() if holds_examples(root / name)]
    check_has_train(held, root)
    if found and len(found) == len(names):
        raise refuse_ambiguous(shown(root), found, f"{many}: {', '.join(names)}")
    return {"train": root}


def check_has_train(found: Collection[str], root: Path) -> None:
    """See that what is held out is not all there is: it would be trained on.

    Raises:
        UserError: There are splits, and "train" is not among them.
    """
    if found and "train" not in found:
        others = " and ".join(split for split in SPLITS if split in found)
        raise UserError(
            f"data.root: {shown(root)} has examples for {others}, but none to train on; expected "
            "train beside it, or no splits at all, to be split here; data.splits states which is"
        )


def unwrapped(folder: Path, is_one_of_many: Callable[[Path], bool]) -> Path:
    """The folder itself, or the one inside that is all it holds, as archives are often packed.

    A split that is all there is stays one: train/, or, of the same name, train/train/.
    """
    while True:
        if holds(folder, lambda entry: not entry.is_dir()):
            return folder
        inside = visible(folder)
        if len(inside) != 1 or not inside[0].is_dir() or is_one_of_many(inside[0]):
            return folder
        if meaning(inside[0].name) is not None and inside[0].name != folder.name:
            return folder
        folder = inside[0]


def visible(folder: Path) -> list[Path]:
    """Files and folders right in a folder, by name."""
    return [folder / name for name in sorted(os.listdir(folder)) if not is_left_behind(name)]


def holds(folder: Path, wanted: Callable[["os.DirEntry[str]"], bool]) -> bool:
    """Whether something right in a folder, be it of fifty thousand files, is as wanted."""
    with os.scandir(folder) as entries:
        return any(wanted(entry) and not is_left_behind(entry.name) for entry in entries)


def composed(name: str) -> str:
    """A name with its accents on their letters: macOS writes them apart, other systems do not."""
    return unicodedata.normalize("NFC", name)


def folder_names(folder: Path) -> list[str]:
    """The folders right in a folder, by name."""
    with os.scandir(folder) as entries:
        found = [entry.name for entry in entries if entry.is_dir()]
    return sorted(name for name in found if not is_left_behind(name))


def files_below(folder: Path, notes: Notes | None = None) -> list[Path]:
    """All files below a folder, by name, without those that desktops and tools leave behind.

    Links to folders are followed, as torchvision's ImageFolder does; those that lead nowhere, or
    back to where they are, are counted in ``notes``.
    """
    return [Path(path) for path in paths_below(folder, notes)]


def paths_below(
    folder: str | Path, notes: Notes | None = None, without: Container[str] = ()
) -> list[str]:
    """The same as texts, but for some folders: fifty thousand of them in a tenth of a second."""
    if not os.path.isdir(folder):
        return []
    # A link to what the folder itself lies in goes round in a circle, too.
    above = tuple(_identity(parent) for parent in Path(folder).absolute().parents)
    found: list[str] = []
    _walk(str(folder), notes or Notes(), above, found, without)
    return found


def _identity(folder: str | Path) -> tuple[int, int]:
    state = os.stat(folder)
    return state.st_dev, state.st_ino


def _walk(
    folder: str,
    notes: Notes,
    above: tuple[tuple[int, int], ...],
    found: list[str],
    without: Container[str],
) -> None:
    """Add the files below a folder to those found, each folder's in the order of their names."""
    here = _identity(folder)
    if here in above:
        notes.add("links lead back to a folder that they are in: not followed", shown(folder))
        return
    with os.scandir(folder) as entries:
        inside = sorted(entries, key=attrgetter("name"))
    for entry in inside:
        if is_left_behind(entry.name):
            note_hidden(entry.name, entry.path, notes)
        elif entry.is_file():
            found.append(entry.path)
        elif entry.is_dir():
            if entry.path not in without:
                _walk(entry.path, notes, (*above, here), found, without)
        elif entry.is_symlink():
            notes.add("links lead nowhere: passed over", shown(entry.path))


def note_hidden(name: str, path: str, notes: Notes) -> None:
    """Count a hidden file or folder, unless it is one that is never meant."""
    if name.startswith(".") and not name.startswith("._") and name not in UNTOLD:
        notes.add(HIDDEN, shown(path))


def is_left_behind(name: str) -> bool:
    """Whether a file or folder is hidden, or is no work of a person."""
    return name.startswith(".") or name.lower() in LEFT_BEHIND
