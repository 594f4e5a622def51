"""Which images are to train on, by numbers in two files, as CUB-200-2011 and NABirds have it.

Template's file: updates replace it.

    data/images.txt             17 001.Black_footed_Albatross/0046_18.jpg
    data/train_test_split.txt   17 1        1: to train on, 0: to test on
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import UserError
from ..files import shown
from .named_images import image_of, lines_of

FLAGS, NAMES = "train_test_split.txt", "images.txt"
MEANT = {"1": "train", "0": "test"}


def flags_among(files: Sequence[str]) -> str | None:
    """The file of flags that has one of names beside it; None where there is not just one."""
    called = [path for path in files if os.path.basename(path) == FLAGS]
    found = [path for path in called if os.path.exists(_names(path))]
    return found[0] if len(found) == 1 else None


def flagged(
    file: str, by_stem: Mapping[str, list[str]], *, in_classes: bool
) -> dict[str, list[str]]:
    """The images by split, in the order of the flags.

    Args:
        file: That of the flags.
        by_stem: The images, as ``named_images.by_stems`` has them.
        in_classes: Whether folders are classes.

    Raises:
        UserError: A line is not two words, a number has two flags, none, or no name, or what it
            names is not there.
    """
    listed = _names(file)
    names = {key: (name, where) for key, name, where in _pairs(listed)}
    images: dict[str, list[str]] = {split: [] for split in MEANT.values()}
    flags: set[str] = set()
    for key, flag, where in _pairs(file):
        if flag not in MEANT:
            raise UserError(f"{where}: {flag} is no flag, expected 1 (to train on) or 0 (to test)")
        if key in flags:
            raise UserError(f"{where}: {key} has a flag already, expected one each")
        if key not in names:
            raise UserError(f"{where}: {key} has no name in {shown(listed)}")
        flags.add(key)
        name, line = names[key]
        images[MEANT[flag]].append(image_of(name, line, by_stem, in_classes=in_classes))
    return {split: list(dict.fromkeys(some)) for split, some in images.items()}


def _names(file: str) -> str:
    """The file of names that belongs to one of flags."""
    return str(Path(file).with_name(NAMES))


def _pairs(file: str) -> Iterator[tuple[str, str, str]]:
    """Of each line its number, the rest, and where it stands."""
    for where, line in lines_of(file):
        words = line.split(maxsplit=1)
        if len(words) != 2:
            raise UserError(f"{where}: expected a number and what belongs to it, not {line}")
        yield words[0], words[1], where
