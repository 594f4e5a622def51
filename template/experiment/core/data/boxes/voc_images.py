"""Which image an XML file of VOC's format is about.

Template's file: updates replace it. To read another layout, write a reader in data.py.
"""

import os
import re
from pathlib import Path

from ...files import shown
from ..folders import composed
from ..notes import Notes
from .tree import Tree

RENAMED = "XML files name an image that is not there: the one with their own name was taken"
XML_FOLDERS = ("annotations", "annotation", "annots", "xml", "xmls", "labels")


class ImagesOfXml:
    """Finds the image of each XML file: beside it, or where VOC has images.

    Args:
        tree: What lies in ``data.root``.
    """

    def __init__(self, tree: Tree) -> None:
        self.root = str(tree.root)
        self._inside: dict[str, dict[str, str]] = {}  # of each folder: images by name and stem
        for path in tree.images:
            folder, name = os.path.split(path)
            name = composed(name)
            inside = self._inside.setdefault(folder, {})
            inside[name] = inside[os.path.splitext(name)[0]] = path

    def of(self, file: Path, names: list[str], notes: Notes) -> Path:
        """The image that a file names, else the one that is called as the file is.

        Raises:
            ValueError: There is none, or there are both and they differ.
        """
        own = self._find(file, file.stem)
        for name in names:
            base = re.split(r"[\\/]", name)[-1]
            named = self._find(file, base) or self._anywhere(file, base)
            if named is None:
                continue
            other = composed(Path(named).stem) != composed(file.stem)
            if own is not None and other and own != named:
                raise ValueError(
                    f"it names the image {base}, and {os.path.basename(own)} is there, too"
                )
            return Path(named)
        if own is None:
            raise ValueError(f"the image {names[0] if names else file.stem} is not there")
        if names:
            notes.add(RENAMED, shown(file))
        return Path(own)

    def _find(self, file: Path, name: str) -> str | None:
        here, name = str(file.parent), composed(name)
        if (found := self._inside.get(here, {}).get(name)) is not None:
            return found
        matching = [folder for folder in self._inside if self._belongs(here, folder)]
        found = [self._inside[one][name] for one in matching if name in self._inside[one]]
        return found[0] if len(found) == 1 else None

    def _anywhere(self, file: Path, name: str) -> str | None:
        """The image by both names, wherever it lies: Oxford's pets are in images/, not in xmls/.

        Raises:
            ValueError: There are several.
        """
        name = composed(name)
        if os.path.splitext(name)[0] != composed(file.stem):
            return None
        found = [inside[name] for inside in self._inside.values() if name in inside]
        found = [path for path in found if composed(os.path.basename(path)) == name]
        if len(found) > 1:
            raise ValueError(f"the image {name} may be {shown(found[0])} or {shown(found[1])}")
        return found[0] if found else None

    def _belongs(self, annotations: str, images: str) -> bool:
        """Whether two folders are the same but for the one that says what is in them.

        ``Annotations/train`` and ``JPEGImages/train``.
        """
        ours = _parts(annotations, self.root)
        theirs = _parts(images, self.root)
        places = [n for n, part in enumerate(ours) if part.lower() in XML_FOLDERS]
        return any(
            [*ours[:n], *ours[n + 1 :]] == [*theirs[:n], *theirs[n + 1 :]] or ours[:n] == theirs
            for n in places
            if len(theirs) in (len(ours), n)
        )


def _parts(path: str, root: str) -> list[str]:
    relative = os.path.relpath(path, root)
    return [] if relative == "." else relative.split(os.sep)
