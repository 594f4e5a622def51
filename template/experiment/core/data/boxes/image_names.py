"""From the names that annotations give to images to the files that are meant.

Template's file: updates replace it. To read another layout, write a reader in data.py.

Tools write names as their own machine had them: with its folders, with ``\\``, percent-encoded,
with a number that Label Studio put before what was uploaded. What had to be taken off is counted.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..folders import composed
from ..notes import Notes

BACKSLASHES = "file names are written with \\: read as /"
ENCODED = "file names are percent-encoded: decoded"
PREFIXED = "file names begin with Label Studio's number: found without it"
ELSEWHERE = "file names lead to folders that are not here: found by their ends"
BELOW = "images lie in a folder below: found by their names"
PREFIX = re.compile(r"^[0-9a-f]{8}[-_]+(?=.)")


class ImageFinder:
    """Finds images by the names that annotations give them.

    Args:
        folders: Where they may lie, the likeliest first.
        images: Gives every image there is, for those that lie deeper.
        notes: Where it is counted what a name had to lose.
    """

    def __init__(
        self, folders: Sequence[str | Path], images: Callable[[], Iterable[str]], notes: Notes
    ) -> None:
        self.folders, self.images, self.notes = [str(one) for one in folders], images, notes
        self._by_name: dict[str, list[str]] | None = None

    def find(self, name: str) -> str | None:
        """The file that is meant; None if there is none, or if two could be."""
        for spelling, kinds in spellings(name):
            for folder in self.folders:
                path = os.path.join(folder, spelling)
                if os.path.isfile(path):
                    return self._counted(path, kinds, name)
        for spelling, kinds in spellings(name):
            found = self.named(spelling)
            if len(found) == 1:
                is_here = os.path.dirname(found[0]) in map(os.path.normpath, self.folders)
                return self._counted(found[0], kinds if is_here else [*kinds, BELOW], name)
        return None

    def named(self, name: str) -> list[str]:
        """All files whose paths end so."""
        if self._by_name is None:
            self._by_name = {}
            for path in dict.fromkeys(self.images()):
                self._by_name.setdefault(composed(os.path.basename(path)), []).append(path)
        end = composed(f"/{name.lstrip('./')}")
        there = self._by_name.get(os.path.basename(end), ())
        return [path for path in there if composed(f"/{Path(path).as_posix()}").endswith(end)]

    def _counted(self, path: str, kinds: Sequence[str], name: str) -> str:
        for kind in dict.fromkeys(kinds):
            self.notes.add(kind, name)
        return os.path.normpath(path)


def spellings(name: str) -> Iterator[tuple[str, list[str]]]:
    """A name as it is, then with less and less of what tools add, and what that was."""
    yield name, []
    kinds: list[str] = []
    if "://" in name:
        name = urlsplit(name).path
        kinds.append(ELSEWHERE)
    if "\\" in name:
        name = re.sub(r"^[A-Za-z]:", "", name.replace("\\", "/"))
        kinds.append(BACKSLASHES)
    for whole, decoded in ((name, []), (unquote(name), [ENCODED])):
        if decoded and whole == name:
            continue
        for tail, cut in _tails(whole):
            found = [*kinds, *decoded, *cut]
            if found:
                yield tail, found
            folder, base = os.path.split(tail)
            if PREFIX.match(base):
                yield os.path.join(folder, PREFIX.sub("", base)), [*found, PREFIXED]


def plain_stem(path: str) -> str:
    """A file's name without its suffix, and without what Label Studio adds."""
    stem = composed(unquote(os.path.splitext(os.path.basename(path))[0]))
    return PREFIX.sub("", stem)


def _tails(name: str) -> Iterator[tuple[str, list[str]]]:
    """``/home/a/b.jpg``: then ``home/a/b.jpg``, ``a/b.jpg``, ``b.jpg``."""
    if not name.startswith(("/", "..")):
        yield name, []
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    for start in range(0 if name.startswith(("/", "..")) else 1, len(parts)):
        yield "/".join(parts[start:]), [ELSEWHERE]
