"""Files in folders, as every reader of folders looks at them.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

from pathlib import Path

SPLITS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}
LEFT_BEHIND = {"Thumbs.db", "desktop.ini"}


def split_folders(root: Path) -> dict[str, Path]:
    """The folder of each split; only "train", which is ``root``, where there is no train/."""
    found = {
        split: root / name
        for split, names in SPLITS.items()
        for name in names
        if (root / name).is_dir()
    }
    return found if "train" in found else {"train": root}


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
