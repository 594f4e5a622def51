"""The files that name YOLO's classes and, some of them, the splits.

Template's file: updates replace it. To read another layout, write a reader in data.py.

``data.yaml`` (Ultralytics, Roboflow; FiftyOne's dataset.yaml), ``classes.txt`` (Label Studio,
labelImg, which writes one beside the labels), ``obj.data`` and ``obj.names`` (darknet, CVAT). Where
there are several they must agree: a stale one would rename every class.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ...errors import UserError
from ...files import shown

WANTED = "expected names: [cat, dog], or a name for each number from 0 on"


@dataclass
class NamesFile:
    """What a file says of the classes.

    Args:
        path: The file.
        names: The classes, in the order of their numbers; None: it does not say.
        settings: Everything else that it says, by its own words.
    """

    path: Path
    names: list[str] | None
    settings: dict[str, Any] = field(default_factory=dict)


def names_files(root: Path, texts: list[str]) -> list[NamesFile]:
    """Every file that says something of the classes.

    Args:
        root: Where they lie.
        texts: All text files below, among which labelImg writes a classes.txt.

    Raises:
        UserError: One of them is broken.
    """
    found: list[NamesFile] = []
    for path in sorted(root.iterdir()):
        if path.suffix.lower() in (".yaml", ".yml") and path.is_file():
            found += _yaml(path)
        elif path.suffix.lower() == ".data" and path.is_file():
            found.append(NamesFile(path, None, _darknet(path)))
        elif path.suffix.lower() == ".names" and path.is_file():
            found.append(NamesFile(path, _lines(path)))
    for text in texts:
        if Path(text).name.lower() == "classes.txt":
            found.append(NamesFile(Path(text), _lines(Path(text))))
    return found


def class_names(found: list[NamesFile], expected: str) -> list[str]:
    """The names of the classes, in the order of their numbers, on which all files agree.

    Raises:
        UserError: No file names them, two of them differ, or their number is not as stated.
    """
    naming = [one for one in found if one.names is not None]
    if not naming:
        raise UserError(f"{expected}, but neither data.yaml nor classes.txt with their names")
    first = naming[0]
    for other in naming[1:]:
        if other.names != first.names:
            raise UserError(
                f"{shown(first.path)} names the classes {_listed(first.names)}, "
                f"{shown(other.path)} {_listed(other.names)}: delete the one that is wrong"
            )
    names = first.names or []
    for one in found:
        stated = one.settings.get("nc", one.settings.get("classes"))
        if stated is not None and str(stated).isdigit() and int(stated) != len(names):
            raise UserError(
                f"{shown(one.path)} says there are {stated} classes, {shown(first.path)} names "
                f"{len(names)}: mend the one that is wrong"
            )
    return names


def _listed(names: list[str] | None) -> str:
    names = names or []
    return ", ".join(names[:5]) + (f", ... ({len(names)})" if len(names) > 5 else "")


def _yaml(path: Path) -> list[NamesFile]:
    """What a YAML file says, if it is about a data set; data.yaml always is."""
    is_meant = path.stem.lower() == "data"
    try:
        content = yaml.safe_load(_text(path))
    except yaml.YAMLError:
        if is_meant:
            raise UserError(f"{shown(path)} is no YAML, {WANTED}") from None
        return []
    if not isinstance(content, dict) or not ({"names", "nc"} & {str(key) for key in content}):
        if is_meant:
            raise UserError(f"{shown(path)} has no names, {WANTED}")
        return []
    settings = {str(key): value for key, value in content.items() if key != "names"}
    if "names" not in content:
        return [NamesFile(path, None, settings)]
    try:
        names = _in_order(content["names"])
    except (LookupError, TypeError, ValueError):
        raise UserError(f"{shown(path)} has no names, {WANTED}") from None
    return [NamesFile(path, _each_once(path, names), settings)]


def _in_order(names: Any) -> list[str]:
    """The names by their numbers, from a list of names or from numbers with a name each."""
    if isinstance(names, str):
        raise TypeError
    if isinstance(names, dict):
        by_number = {int(number): name for number, name in names.items()}
        names = [by_number[number] for number in range(len(names))]
    return [str(name) for name in names]


def _darknet(path: Path) -> dict[str, Any]:
    """``train = data/train.txt``, a setting a line."""
    pairs = (line.partition("=") for line in _text(path).splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _lines(path: Path) -> list[str]:
    names = [line.strip() for line in _text(path).rstrip().splitlines()]
    if "" in names:
        row = names.index("") + 1
        raise UserError(f"{shown(path)}:{row} is empty, expected the name of the class {row - 1}")
    return _each_once(path, names)


def _each_once(path: Path, names: list[str]) -> list[str]:
    if not names or len(set(names)) < len(names):
        raise UserError(
            f"{shown(path)} names {len(names)} classes, expected one or more, each once"
        )
    return names


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{shown(path)} is not text in UTF-8, expected names of classes") from None
