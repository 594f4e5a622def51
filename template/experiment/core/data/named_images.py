"""Which images a text file names: a name a line, in whatever way tools write it.

Template's file: updates replace it. A suffix, folders before the name and what follows it, such as
a class, may be there or not.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import UserError
from ..files import shown
from .folders import composed


def stem_of(path: str) -> str:
    """A file's name without folders and suffix, accents on their letters."""
    return composed(os.path.splitext(os.path.basename(path.replace("\\", "/")))[0])


def by_stems(images: Sequence[str]) -> dict[str, list[str]]:
    """The images by ``stem_of`` their paths, as what reads lists looks for them."""
    found: dict[str, list[str]] = {}
    for image in images:
        found.setdefault(stem_of(image), []).append(image)
    return found


def begins_with_image(
    path: str, by_stem: Mapping[str, list[str]], *, in_classes: bool = False
) -> bool:
    """Whether the first line of a file is the name of an image."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        line = file.readline(1000).strip()
    return bool(_meant(_readings(line), by_stem, in_classes))


def listed_in(
    file: str, by_stem: Mapping[str, list[str]], *, in_classes: bool = False
) -> list[str]:
    """The images that a list names, with or without a suffix and folders.

    Raises:
        UserError: It names one that is not there, or that two could be.
    """
    found = (
        image_of(line, where, by_stem, in_classes=in_classes) for where, line in lines_of(file)
    )
    return list(dict.fromkeys(found))


def lines_of(file: str) -> Iterator[tuple[str, str]]:
    """Where each line stands that is not empty, and the line.

    Raises:
        UserError: The file is not text in UTF-8.
    """
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UserError(f"{shown(file)} is not text in UTF-8, expected a name a line") from None
    place = shown(file)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield f"{place}:{number}", line.strip()


def image_of(
    line: str, where: str, by_stem: Mapping[str, list[str]], *, in_classes: bool = False
) -> str:
    """The image that a line names.

    Raises:
        UserError: It is not there, or two could be meant.
    """
    readings = _readings(line)
    there = _meant(readings, by_stem, in_classes)
    remedy = "data.splits='{}' says that such lists do not count"
    return only_one(there, readings[-1], where, remedy)


def only_one(found: Sequence[str], name: str, where: str, remedy: str) -> str:
    """The one image that a name means.

    Raises:
        UserError: There is none, or there are several; says where the name stands, and the remedy.
    """
    if len(found) != 1:
        what = "is not there" if not found else f"may be {shown(found[0])} or {shown(found[1])}"
        raise UserError(f"{where}: the image {name} {what}; {remedy}")
    return found[0]


def images_named(name: str, by_stem: Mapping[str, list[str]]) -> list[str]:
    """The images that a name means which is all there is, with or without suffix and folders."""
    return _named(name, by_stem, in_classes=False) if name else []


def _meant(
    readings: Sequence[str], by_stem: Mapping[str, list[str]], in_classes: bool
) -> list[str]:
    """The images that the first reading means that means any."""
    found = (_named(name, by_stem, in_classes) for name in readings)
    return next(filter(None, found), [])


def _named(name: str, by_stem: Mapping[str, list[str]], in_classes: bool) -> list[str]:
    """The images that a name may mean: whose paths end so, else of the same file's name."""
    path = composed(_bare(name))
    folder, base = os.path.split(path)
    # A name may have dots and no suffix.
    stem = path if base in by_stem else os.path.splitext(path)[0]
    found = by_stem.get(os.path.basename(stem), [])
    whole = [one for one in found if f"/{composed(one)}".endswith(f"/{path}")]
    ends = [one for one in found if f"/{os.path.splitext(composed(one))[0]}".endswith(f"/{stem}")]
    if folder and in_classes:
        inner = os.path.basename(folder)
        found = [one for one in found if inner in composed(one).split("/")[:-1]]
    return whole or ends or found


def _readings(line: str) -> list[str]:
    """What of a line may be a name: all, or what stands before a class, the likeliest first."""
    if not line:
        return []
    parts = [line, line.rsplit(maxsplit=1)[0], line.split(",")[0], line.split()[0]]
    return list(dict.fromkeys(parts))


def _bare(name: str) -> str:
    return name.strip().strip('"').replace("\\", "/").lstrip("./")
