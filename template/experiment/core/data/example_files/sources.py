"""From folders to examples: which files there are, and which split each belongs to.

Template's file: updates replace it. For another layout, fill ``self.datasets`` in data.py.
"""

from collections.abc import Callable, Collection
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from ...config.data import BaseDataConfig
from ...errors import UserError
from ...files import shown
from ..folders import files_below, folder_names, is_left_behind, split_folders, unwrapped
from ..leaving_out import leave_out
from ..notes import Notes
from ..split_names import meaning, word_meaning
from .files import ExampleFiles

SampleT = TypeVar("SampleT")
PASSED_OVER = "files have another name than {}: passed over"
BESIDE = "files lie beside the splits: passed over"


def load(
    config: BaseDataConfig, root: Path, pattern: str, read: Callable[[Path], SampleT]
) -> dict[str, ExampleFiles[SampleT]]:
    """The examples below ``data.root`` by split: those splits that there are, "train" always.

    Folders of a split have its name in any usual spelling (``train``, ``Validation``,
    ``test_set``), or are stated by ``data.splits``; without them all is training data.

    Args:
        config: The section ``data``.
        root: Its folder.
        pattern: What the files are called, as ``*.npz``; capitals do not count, and folders are
            searched whole.
        read: From a file to a sample: a batch without its first axis.

    Raises:
        UserError: There is no such folder, none of its files has such a name, or it can be read
            in two ways.
    """
    _check(pattern)
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {pattern} in it")

    def has_examples(folder: Path) -> bool:
        return any(_matches(file, pattern) for file in files_below(folder))

    def holds_examples_itself(folder: Path) -> bool:
        return any(_matches(file, pattern) for file in folder.iterdir() if file.is_file())

    notes, root = Notes(), unwrapped(root, holds_examples_itself)
    folders = split_folders(
        root, config.splits, has_examples, has_examples, "folders of examples", notes
    )
    if config.splits is None:
        _refuse_empty_splits(root, folders.values(), pattern)
        if set(folders) == {"train"}:
            _refuse_unseen_splits(folders["train"], pattern)
    if set(folders) != {"train"}:
        for file in root.iterdir():
            if file.is_file() and not is_left_behind(file.name):
                notes.add(BESIDE, shown(file))
    found = {split: _find(folder, pattern) for split, folder in folders.items()}
    found["train"][1].update(notes)
    splits = {split: ExampleFiles(files, read, here) for split, (files, here) in found.items()}
    leave_out(splits, config)
    return splits


def load_unlabelled(
    path: Path, pattern: str, read: Callable[[Path], SampleT]
) -> ExampleFiles[SampleT]:
    """One example, or all below a folder, for ``predict --input``.

    Raises:
        UserError: There is no such file or folder, or none of its files has such a name.
    """
    _check(pattern)
    if path.is_file():
        return ExampleFiles([path], read)
    if not path.is_dir():
        raise UserError(f"--input: there is no file or folder {shown(path)}")
    files, notes = _find(path, pattern)
    return ExampleFiles(files, read, notes)


def _find(folder: Path, pattern: str) -> tuple[list[Path], Notes]:
    """The files of one split, in the order of their names, and what was passed over there."""
    here = Notes(shown(folder))
    below = files_below(folder, here)
    found = [file for file in below if _matches(file, pattern)]
    if not found:
        raise UserError(_without(folder, pattern))
    for file in below:
        if not _matches(file, pattern):
            here.add(PASSED_OVER.format(pattern), shown(file))
    return found, here


def _without(folder: Path, pattern: str) -> str:
    """That a folder has no such files, and what it has in their place."""
    files = files_below(folder)
    kinds = sorted({f"*{file.suffix}" if file.suffix else shown(file.name) for file in files})
    there = f"there are {', '.join(kinds[:5])}" if kinds else "it is empty"
    return f"{shown(folder)} has no {pattern} in it; {there}"


def _refuse_empty_splits(root: Path, folders: Collection[Path], pattern: str) -> None:
    """See that no folder is named for a split and has nothing of it: a part would be missed.

    Raises:
        UserError: There is one.
    """
    named = [root / name for name in folder_names(root) if meaning(name) is not None]
    for folder in named:
        if folder not in folders and not any(_matches(f, pattern) for f in files_below(folder)):
            raise UserError(
                f"{_without(folder, pattern)}; where it is no split, data.splits states those"
            )


def _refuse_unseen_splits(folder: Path, pattern: str) -> None:
    """See that what is read as training data alone has no parts that are named for splits.

    Raises:
        UserError: Folders further inside, or files, are called as if they were splits.
    """
    found: dict[str, str] = {}
    for file in files_below(folder):
        if _matches(file, pattern):
            for part in (*file.relative_to(folder).parts[:-1], file.stem):
                if (split := word_meaning(part)) is not None:
                    found.setdefault(split, shown(file))
    if "train" in found and len(found) > 1:
        held = next(split for split in found if split != "train")
        raise UserError(
            f"data.root: {found['train']} and {found[held]} seem to be of train and {held}, and "
            f"all of {shown(folder)} would be trained on: give each split a folder there, or say "
            "data.splits='{}', that there are none"
        )


def _check(pattern: str) -> None:
    if "/" in pattern or not pattern:
        raise UserError(
            f"data.py: {pattern!r} is no pattern of a file's name, such as '*.npz'; folders are "
            "searched whole"
        )


def _matches(file: Path, pattern: str) -> bool:
    return fnmatchcase(file.name.lower(), pattern.lower())
