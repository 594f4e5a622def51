"""From folders to examples: which files there are, and which split each belongs to.

Template's file: updates replace it. For another layout, fill ``self.datasets`` in data.py.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from ...config.data import BaseDataConfig
from ...errors import UserError
from ...files import shown
from ..folders import files_below, split_folders
from ..notes import Notes
from .files import ExampleFiles

SampleT = TypeVar("SampleT")
PASSED_OVER = "files have another name than {}: passed over"


def load(
    config: BaseDataConfig, root: Path, pattern: str, read: Callable[[Path], SampleT]
) -> dict[str, ExampleFiles[SampleT]]:
    """The examples below ``data.root`` by split: those splits that there are, "train" always.

    Folders of a split have its name in any usual spelling (``train``, ``Validation``,
    ``test_set``), or are stated by ``data.splits``; without them all is training data.

    Args:
        config: The section ``data``.
        root: Its folder.
        pattern: What the files are called, as ``*.npz``; capitals do not count.
        read: From a file to a sample: a batch without its first axis.

    Raises:
        UserError: There is no such folder, none of its files has such a name, or it can be read
            in two ways.
    """
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {pattern} in it")
    notes = Notes(shown(root))

    def has_examples(folder: Path) -> bool:
        return any(_matches(file, pattern) for file in files_below(folder))

    folders = split_folders(
        root, config.splits, has_examples, has_examples, "folders of examples", notes
    )
    return {split: _read(folder, pattern, read, notes) for split, folder in folders.items()}


def load_unlabelled(
    path: Path, pattern: str, read: Callable[[Path], SampleT]
) -> ExampleFiles[SampleT]:
    """One example, or all below a folder, for ``predict --input``.

    Raises:
        UserError: There is no such file or folder, or none of its files has such a name.
    """
    if path.is_file():
        return ExampleFiles([path], read)
    if not path.is_dir():
        raise UserError(f"--input: there is no file or folder {shown(path)}")
    return _read(path, pattern, read, Notes())


def _read(
    folder: Path, pattern: str, read: Callable[[Path], SampleT], notes: Notes
) -> ExampleFiles[SampleT]:
    """The files of one split, in the order of their names."""
    here = Notes(shown(folder))
    here.update(notes)
    below = files_below(folder, here)
    found = [file for file in below if _matches(file, pattern)]
    if not found:
        kinds = sorted({f"*{file.suffix}" for file in below})[:5]
        there = f"there are {', '.join(kinds)}" if kinds else "it is empty"
        raise UserError(f"{shown(folder)} has no {pattern} in it; {there}")
    for file in below:
        if not _matches(file, pattern):
            here.add(PASSED_OVER.format(pattern), shown(file))
    return ExampleFiles(found, read, here)


def _matches(file: Path, pattern: str) -> bool:
    return fnmatchcase(file.name.lower(), pattern.lower())
