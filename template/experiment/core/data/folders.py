"""Files in folders, as every reader of folders looks at them.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from ..errors import UserError
from ..files import shown
from .notes import Notes
from .split_names import SPLITS, Stated, meaning, named_splits, refuse_ambiguous, stated_splits

# What desktops, archives and file servers leave behind.
LEFT_BEHIND = {"Thumbs.db", "desktop.ini", "__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN"}
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
        chosen = stated_splits(stated, lambda name: (root / name).is_dir(), _folder_names(root))
        for name in _folder_names(root) if chosen else ():
            if not any(Path(one).parts[0] == name for one in chosen.values()):
                notes.add(NO_SPLIT, shown(root / name))
        return {split: root / name for split, name in chosen.items()} or {"train": root}
    names = _folder_names(root)
    splits = named_splits([name for name in names if holds_examples(root / name)], shown(root))
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
        inside = visible(folder)
        if len(inside) != 1 or not inside[0].is_dir() or is_one_of_many(inside[0]):
            return folder
        if meaning(inside[0].name) is not None and inside[0].name != folder.name:
            return folder
        folder = inside[0]


def visible(folder: Path) -> list[Path]:
    """Files and folders right in a folder, by name."""
    return sorted(path for path in folder.iterdir() if not is_left_behind(path.name))


def _folder_names(folder: Path) -> list[str]:
    return [path.name for path in visible(folder) if path.is_dir()]


def files_below(folder: Path, notes: Notes | None = None) -> list[Path]:
    """All files below a folder, by name, without those that desktops and tools leave behind.

    Links to folders are followed, as torchvision's ImageFolder does; those that lead nowhere, or
    back to where they are, are counted in ``notes``.
    """
    return [Path(path) for path in paths_below(folder, notes)]


def paths_below(folder: str | Path, notes: Notes | None = None) -> list[str]:
    """The same as texts: fifty thousand of them in a tenth of a second."""
    if not os.path.isdir(folder):
        return []
    return list(_walk(str(folder), notes or Notes(), ()))


def _walk(folder: str, notes: Notes, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    state = os.stat(folder)
    here = state.st_dev, state.st_ino
    if here in above:
        notes.add("links lead back to a folder that they are in: not followed", folder)
        return
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if is_left_behind(entry.name):
            continue
        if entry.is_dir():
            yield from _walk(entry.path, notes, (*above, here))
        elif entry.is_file():
            yield entry.path
        elif entry.is_symlink():
            notes.add("links lead nowhere: passed over", entry.path)


def is_left_behind(name: str) -> bool:
    """Whether a file or folder is hidden, or is no work of a person."""
    return name.startswith(".") or name in LEFT_BEHIND
