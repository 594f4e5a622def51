"""Files in folders, as every reader of folders looks at them.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

from collections.abc import Collection
from pathlib import Path

from ..errors import UserError
from ..files import shown

SPLITS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}
LEFT_BEHIND = {"Thumbs.db", "desktop.ini"}


def split_folders(root: Path) -> dict[str, Path]:
    """The folder of each split; only "train", which is ``root``, where there are no splits.

    Raises:
        UserError: There are held-out examples, but no train/.
    """
    found = {
        split: root / name
        for split, names in SPLITS.items()
        for name in names
        if (root / name).is_dir()
    }
    check_has_train(found, root)
    return found or {"train": root}


def check_has_train(found: Collection[str], root: Path) -> None:
    """See that what is held out is not all there is: it would be trained on.

    Raises:
        UserError: There are splits, and "train" is not among them.
    """
    if found and "train" not in found:
        others = " and ".join(found)
        raise UserError(
            f"data.root: {shown(root)} has examples for {others}, but none to train on; expected "
            "train beside it, or no splits at all, to be split here"
        )


def visible(folder: Path) -> list[Path]:
    """Files and folders right in a folder, by name."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def files_below(folder: Path) -> list[Path]:
    """All files below a folder, by name, without those that desktops and tools leave behind."""
    if not folder.is_dir():
        return []
    return [file for file in sorted(folder.rglob("*")) if file.is_file() and _counts(file, folder)]


def _counts(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return not hidden and file.name not in LEFT_BEHIND
