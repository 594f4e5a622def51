"""The files below a folder of annotated images, looked at once.

Template's file: updates replace it.
"""

import os
from functools import cached_property
from pathlib import Path

from ...files import shown
from ..folders import paths_below, unwrapped
from ..images.masks_beside import without_masks
from ..images.suffixes import SUFFIXES
from ..notes import Notes


class Tree:
    """What lies below a folder, by name; links are followed.

    Args:
        folder: ``data.root``; archives often hold one folder more, which is then the root.
        notes: Where links go that lead nowhere.
    """

    def __init__(self, folder: Path, notes: Notes) -> None:
        self.root = Path(os.path.abspath(unwrapped(folder, _has_images)))
        self.notes = notes

    @cached_property
    def files(self) -> list[str]:
        return paths_below(self.root, self.notes)

    @cached_property
    def images(self) -> list[str]:
        return [path for path in self.files if path.lower().endswith(SUFFIXES)]

    def leave_out_masks(self) -> None:
        """Pass over masks that lie beside images: they would be images without objects."""
        self.images = [self.images[place] for place in without_masks(self.images, self.notes)]

    def ending(self, *suffixes: str) -> list[str]:
        """The files whose names end so, in small or capital letters."""
        return [path for path in self.files if path.lower().endswith(suffixes)]

    def images_below(self, folder: str | Path) -> list[str]:
        """The images below a folder, be it outside of the root."""
        start = os.path.join(os.path.abspath(folder), "")
        if not start.startswith(os.path.join(self.root, "")):
            return [p for p in paths_below(folder, self.notes) if p.lower().endswith(SUFFIXES)]
        return [path for path in self.images if path.startswith(start)]

    def relative(self, path: str | Path) -> str:
        """A path as ``data.splits`` would name it."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    @property
    def place(self) -> str:
        return shown(self.root)


def folders_above(paths: list[str], root: str | Path) -> set[str]:
    """Every folder below a root that one of the paths lies in, at any depth."""
    found: set[str] = set()
    top = str(root)
    for path in paths:
        folder = os.path.dirname(path)
        while folder not in found and len(folder) > len(top):
            found.add(folder)
            folder = os.path.dirname(folder)
    return found


def _has_images(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(entry.name.lower().endswith(SUFFIXES) for entry in entries)
