"""The places that data.yaml and obj.data name: folders, lists of folders, lists of image files.

Template's file: updates replace it. To read another layout, write a reader in data.py.

They are written for the machine and the working folder of whoever wrote them. What is not there as
written is looked for by its end: Roboflow's ``../train/images`` is train/images, CVAT's
``data/obj_train_data/a.jpg`` is obj_train_data/a.jpg.
"""

import os
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...files import shown
from .tree import Tree

MOVED = "paths are not there as written: found by their ends"


class Entries:
    """What a file states, as images.

    Args:
        tree: What lies in ``data.root``.
        stating: The file, or the root.
        settings: What it says; ``path`` is where its entries begin.
    """

    def __init__(self, tree: Tree, stating: Path, settings: dict[str, Any]) -> None:
        self.tree, self.stating = tree, stating
        home = stating if stating.is_dir() else stating.parent
        path = os.path.expanduser(str(settings.get("path") or ""))
        # By the file itself; beside its folder, where Ultralytics keeps data sets; without it.
        self.homes = [home / path, home.parent / path, home] if path else [home]
        self._folders: dict[str, Path | None] = {}

    def stated(self, key: str, value: Any) -> tuple[str, list[str]]:
        """Where the images of a split are from, and which they are.

        Args:
            key: The word for the split, for messages.
            value: What it names: a folder, a list of images, or several.

        Raises:
            UserError: It is not there, under its name or by its end.
        """
        places, images = [], []
        for entry in value if isinstance(value, list) else [value]:
            found = self._located(str(entry))
            if found is None:
                tail = "/".join(_parts(str(entry))[-2:])
                raise UserError(
                    f"{shown(self.stating)}: {key} is {entry}, which is not there, nor is {tail} "
                    f"below {self.tree.place}: mend it, or state data.splits"
                )
            place, inside = self.of(found)
            places.append(place)
            images += inside
        return " and ".join(places), list(dict.fromkeys(images))

    def of(self, place: Path) -> tuple[str, list[str]]:
        """The images of a folder, or of a list of image files.

        Raises:
            UserError: There is none, or one of the list is not there.
        """
        images = self._listed(place) if place.is_file() else self.tree.images_below(place)
        if not images:
            raise UserError(f"{shown(place)} holds no image, expected some or no mention of it")
        return shown(place), images

    def _listed(self, file: Path) -> list[str]:
        images = []
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise UserError(f"{shown(file)} is not text in UTF-8, expected a path a line") from None
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            folder, name = os.path.split(line.strip().replace("\\", "/"))
            if folder not in self._folders:
                self._folders[folder] = self._located(folder, file.parent, holding=name)
            found = self._folders[folder]
            if found is None or not (found / name).is_file():
                raise UserError(
                    f"{shown(file)}:{number}: {line.strip()} is not there, nor is its end below "
                    f"{self.tree.place}: mend it, or state data.splits"
                )
            images.append(str(found / name))
        return images

    def _located(self, entry: str, *homes: Path, holding: str = "") -> Path | None:
        """A place by its name, or else by its end, the longest first."""
        written = os.path.expanduser(entry)
        candidates = [home / written for home in (*homes, *self.homes)]
        for place in candidates:
            if (place / holding if holding else place).exists():
                return Path(os.path.normpath(place))
        parts = _parts(entry)
        for start in range(len(parts) + (1 if holding else 0)):
            place = Path(self.tree.root, *parts[start:])
            if (place / holding if holding else place).exists():
                if not entry.startswith(".."):  # Roboflow's own way, as its readers take it
                    self.tree.notes.add(MOVED, f"{entry}: {shown(place)}")
                return place
        return None


def _parts(entry: str) -> list[str]:
    return [part for part in entry.replace("\\", "/").split("/") if part not in ("", ".", "..")]
