"""The files that say what numbers or colours in masks mean, as the tools write them.

Template's file: updates replace it. ``data.class_names``, ``data.colors`` win over them.

    labelmap.txt                     cat:128,0,0::             CVAT
    label_colors.txt                 128 0 0<TAB>cat           CamVid
    class_dict.csv                   name,r,g,b                Kaggle's copies of CamVid, DeepGlobe
    _classes.csv                     Pixel Value, Class        Roboflow
    obj_class_to_machine_color.json  {"cat": [1, 1, 1]}        Supervisely
    objectInfo150.txt                Idx Ratio Train Val Name  ADE20K
    dataset.json                     {"labels": {"cat": 1}}    nnU-Net
    class_names.txt, classes.txt, codes.txt, labels.txt        a name a line: LabelMe, fastai
"""

import csv
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import UserError
from ...files import shown
from .mask_files import packed

LISTS = ("class_names.txt", "classes.txt", "codes.txt", "labels.txt")
NOT_COUNTED = {"__ignore__"}  # LabelMe's; its number is -1, which VOC's 255 becomes


@dataclass
class ClassTable:
    """What a file says of the classes.

    Args:
        file: The file.
        colors: The colour of each class, where it says them.
        values: The name for each number in a mask, where it says them; it may say both.
        listed: The names alone.
        ignored: Classes that do not count.
    """

    file: str
    colors: dict[str, list[int]] | None = None
    values: dict[int, str] | None = None
    listed: list[str] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)

    def names(self) -> Sequence[str]:
        """The classes in their order."""
        return list(self.colors or (self.values or {}).values() or self.listed)

    def shown_as(self) -> dict[int, int]:
        """From each colour, as one number, to the number that its class has in masks of numbers."""
        numbers = {name: number for number, name in (self.values or {}).items()}
        return {
            int(packed(np.array(color))): numbers.get(name, place)
            for place, (name, color) in enumerate((self.colors or {}).items())
        }

    def same(self, other: "ClassTable") -> bool:
        """Whether two files say the same."""
        if self.colors and other.colors:
            return self.colors == other.colors
        if self.values and other.values:
            return self.values == other.values
        return list(self.names()) == list(other.names())


def class_table(files: Sequence[str]) -> ClassTable | None:
    """What the files among those of a data set say of the classes; None: there is no such file.

    Raises:
        UserError: One of them cannot be read, or two of them differ.
    """
    found = [table for file in files if (table := _table(file)) is not None]
    if not found:
        return None
    best = next((t for t in found if t.colors), next((t for t in found if t.values), found[0]))
    for other in found:
        if not best.same(other):
            raise UserError(
                f"{shown(best.file)} names the classes {_few(best)}, {shown(other.file)} "
                f"{_few(other)}: delete the one that is wrong, or state data.class_names or "
                "data.colors"
            )
    return best


def _few(table: ClassTable) -> str:
    names = list(table.names())
    return ", ".join(names[:5]) + (f", ... ({len(names)})" if len(names) > 5 else "")


def _table(file: str) -> ClassTable | None:
    name = Path(file).name.lower()
    for pattern, read in READERS:
        if re.fullmatch(pattern, name):
            try:
                table = read(file)
            except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
                raise UserError(
                    f"{shown(file)} names the classes in another form than expected ({error}): "
                    "mend it, or move it away and state data.class_names or data.colors"
                ) from None
            return table
    return None


def _lines(file: str) -> list[str]:
    text = Path(file).read_text(encoding="utf-8-sig")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _colored(file: str, rows: Sequence[tuple[str, Sequence[str]]]) -> ClassTable:
    colors = {name.strip(): [int(part) for part in parts] for name, parts in rows}
    if len(colors) < len(rows):
        raise ValueError("a class occurs twice")
    if len({tuple(color) for color in colors.values()}) < len(rows):
        raise ValueError("two classes have one colour")
    if not all(
        len(color) == 3 and 0 <= min(color) <= max(color) <= 255 for color in colors.values()
    ):
        raise ValueError("a colour is not red, green, blue from 0 to 255")
    return ClassTable(file, colors)


def _labelmap(file: str) -> ClassTable | None:
    """CVAT's; TensorFlow's file of the same name says nothing of colours."""
    rows = [line.split(":") for line in _lines(file)]
    if any(len(row) < 2 for row in rows):
        return ClassTable(file, listed=[row[0].strip() for row in rows])
    return _colored(file, [(row[0], row[1].split(",")) for row in rows])


def _label_colors(file: str) -> ClassTable:
    """``128 0 0 cat``, or the name first, in any order of spaces, tabs and commas."""
    rows: list[tuple[str, Sequence[str]]] = []
    for line in _lines(file):
        words = re.split(r"[\s,]+", line.strip())
        numbers = [word for word in words if word.isdigit()]
        first = words[0].isdigit()
        parts = numbers[:3] if first else numbers[-3:]
        name = " ".join(words[3:] if first else words[:-3])
        if len(parts) == 3 and name:
            rows.append((name, parts))
        elif rows or any(numbers):
            raise ValueError(f"{line.strip()!r}")
    return _colored(file, rows)


def _csv(file: str) -> ClassTable | None:
    """``name,r,g,b``, or ``Pixel Value, Class``, or all of these; another table says nothing."""
    lines = _lines(file)
    mark = next((m for m in ";\t" if lines and m in lines[0] and "," not in lines[0]), ",")
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]
    header = [cell.lower() for cell in rows[0]] if rows else []
    places = {cell: number for number, cell in enumerate(header)}
    name = next((places[c] for c in ("name", "class", "label", "class_name") if c in places), None)
    value = next((places[c] for c in ("pixel value", "value", "id", "index") if c in places), None)
    wide = [
        next((places[c] for c in (k, k[0]) if c in places), None) for k in ("red", "green", "blue")
    ]
    if name is None or (value is None and None in wide):
        return None
    values = None
    if value is not None:
        values = {int(row[value]): row[name] for row in rows[1:]}
        if len(set(values.values())) < len(rows) - 1:
            raise ValueError("a class or a number occurs twice")
    if None in wide:
        return ClassTable(file, values=values)
    table = _colored(file, [(row[name], [row[place or 0] for place in wide]) for row in rows[1:]])
    table.values = values
    return table


def _machine_colors(file: str) -> ClassTable:
    """Supervisely's: three equal parts are a class number, saved as RGB."""
    content = json.loads(Path(file).read_text(encoding="utf-8-sig"))
    table = _colored(file, [(name, color) for name, color in content.items()])
    black = [0, 0, 0]
    if table.colors is not None and black not in table.colors.values():
        table.colors = {"background": black, **table.colors}
    if all(len(set(color)) == 1 for color in (table.colors or {}).values()):
        table.values = {color[0]: name for name, color in (table.colors or {}).items()}
        table.colors = None
    return table


def _nnunet(file: str) -> ClassTable | None:
    """nnU-Net's, of either version: from name to number, or back; another tool's says nothing."""
    content = json.loads(Path(file).read_text(encoding="utf-8-sig"))
    labels = content.get("labels") if isinstance(content, dict) else None
    if not isinstance(labels, dict) or not labels:
        return None
    if all(isinstance(name, str) for name in labels.values()):
        labels = {name: int(number) for number, name in labels.items()}
    if not all(isinstance(number, int) for number in labels.values()):
        raise ValueError("regions of several numbers each")
    values = {number: name for name, number in sorted(labels.items(), key=lambda one: one[1])}
    return ClassTable(file, values=values, ignored={"ignore"} & set(labels))


def _ade(file: str) -> ClassTable:
    rows = [line.split("\t") for line in _lines(file)]
    values = {int(row[0]): row[-1].split(",")[0].strip() for row in rows if row[0].isdigit()}
    doubled = [name for name in values.values() if list(values.values()).count(name) > 1]
    return ClassTable(
        file, values={n: f"{name} ({n})" if name in doubled else name for n, name in values.items()}
    )


def _names(file: str) -> ClassTable | None:
    names = [line.strip() for line in _lines(file)]
    counted = [name for name in names if name not in NOT_COUNTED]
    if all(re.match(r"\d+\s*[:,]", name) for name in counted):
        raise ValueError(f"{counted[0]!r}: do masks count from there? state it by class_values")
    if len(set(counted)) < len(counted) or len(counted) < 2:
        raise ValueError(f"{len(counted)} names, expected two or more, each once")
    return ClassTable(file, listed=counted)


READERS: tuple[tuple[str, Callable[[str], ClassTable | None]], ...] = (
    (r"labelmap\.txt", _labelmap),
    (r"label_?colou?rs?\.txt", _label_colors),
    (r".*class.*\.csv|.*labels?\.csv|.*colou?rs?\.csv", _csv),
    (r"obj_class_to_machine_color\.json", _machine_colors),
    (r"objectinfo150\.txt", _ade),
    (r"dataset\.json", _nnunet),
    ("|".join(map(re.escape, LISTS)), _names),
)
