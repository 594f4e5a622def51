"""A table with an image a row and its class, such as Kaggle's ``train.csv``.

Template's file: updates replace it.

    image_id,label            id,breed
    1000015157.jpg,0          000bec180eb1,boston_bull

``data.image_column`` and ``data.label_column`` name its columns where their names do not tell.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...config.data import ImageDataConfig
from ...errors import UserError
from ...files import shown
from ...spelling import did_you_mean, nearest
from ..named_images import only_one

Named = Callable[[str], list[str]]
DELIMITERS = {".csv": ",;\t", ".tsv": "\t,;"}  # the usual one first
TRIED = 50  # rows that tell which column names images
LABELS = ("label", "labels", "class", "target", "category", "class_name", "label_name")


@dataclass
class LabelTable:
    """What a table says.

    Args:
        file: The table.
        words: The class of each image that it names, as it stands there.
        lines: Where each of them stands.
    """

    file: str
    words: dict[str, str]
    lines: dict[str, int]


def read_table(file: str, named: Named, config: ImageDataConfig) -> LabelTable | None:
    """The classes of images in a table; None where no column names them, or there is no other.

    Args:
        file: The table.
        named: The images that a name may mean.
        config: Says which columns count.

    Raises:
        UserError: Columns do not tell, or a row names no image, one that has a row already, or no
            class.
    """
    header, rows = _rows(file)
    column = _image_column(file, header, rows, named, config.image_column)
    if column is None or len(header) < 2:
        return None
    label = _label_column(file, header, column, config.label_column)
    table, place = LabelTable(file, {}, {}), shown(file)
    for line, row in rows:
        where = f"{place}:{line}"
        if len(row) != len(header):
            count = f"has {len(row)} fields, and the first line {len(header)}"
            raise UserError(f"{where}: {count}")
        name, word = row[column].strip(), row[label].strip()
        if not word:
            raise UserError(f"{where}: {name} has no {header[label]}, expected its class")
        image = only_one(named(name), name, where, "mend the table, or move it away")
        first = table.lines.setdefault(image, line)
        if table.words.setdefault(image, word) != word:
            raise UserError(f"{where}: {name} is {word} here, and another class in line {first}")
    return table


def columns_beside(file: str, named: Named, wanted: str) -> dict[str, dict[str, str]] | None:
    """What each column says of each image, but the one that names them; None where none does.

    Args:
        file: The table.
        named: The images that a name may mean.
        wanted: The column that names them, if there is one of that name.
    """
    header, rows = _rows(file)
    column = _image_column(file, header, rows, named, wanted)
    if column is None:
        return None
    whole = [row for _, row in rows if len(row) == len(header)]
    images = [(row, found[0]) for row in whole if len(found := named(row[column].strip())) == 1]
    others = [place for place in range(len(header)) if place != column]
    return {header[place]: {path: row[place] for row, path in images} for place in others}


def _rows(file: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of the columns, and each row with the line that it ends at."""
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(
            f"{shown(file)} is not text in UTF-8; write it so, or move it away"
        ) from None
    first, signs = text.partition("\n")[0], DELIMITERS[Path(file).suffix.lower()]
    sign = max(signs, key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=sign, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        place = f"{shown(file)}:{reader.line_num}"
        raise UserError(f"{place} is not as CSV is written ({error}); mend it") from None
    return ([name.strip() for name in rows[0][1]] if rows else []), rows[1:]


def _image_column(
    file: str,
    header: Sequence[str],
    rows: Sequence[tuple[int, list[str]]],
    named: Named,
    wanted: str,
) -> int | None:
    """The number of the column that names images, or most rows do, so that others can be refused.

    Raises:
        UserError: Several do.
    """
    some = [row for _, row in rows[:TRIED] if len(row) == len(header)]
    columns = {place: [row[place].strip() for row in some] for place in range(len(header))}
    naming = [
        place
        for place, values in columns.items()
        if sum(bool(named(value)) for value in values) > len(some) / 2
    ]
    if wanted in header:
        return header.index(wanted) if header.index(wanted) in naming else None
    # A number of a class may be the name of an image, but not each once.
    once = [place for place in naming if len(set(columns[place])) > len(some) / 2]
    if len(once) > 1:
        names = ", ".join(header[place] for place in once)
        raise UserError(
            f"{shown(file)}: images may be named by {names}: data.image_column says which"
        )
    return once[0] if once else None


def _label_column(file: str, header: Sequence[str], column: int, wanted: str) -> int:
    """The number of the column of classes.

    Raises:
        UserError: The one that is wanted is not there, or several may be meant.
    """
    others = [place for place in range(len(header)) if place != column]
    if wanted in header:
        return header.index(wanted)
    names = ", ".join(header[place] for place in others)
    if wanted != ImageDataConfig.label_column:
        hint = did_you_mean(nearest(wanted, header))
        raise UserError(f"data.label_column: {shown(file)} has no {wanted}, only {names}{hint}")
    called = [place for place in others if header[place].lower() in LABELS]
    if len(others) > 1 and len(called) != 1:
        raise UserError(
            f"{shown(file)}: the class may be in {names}: data.label_column says in which"
        )
    return (called if len(others) > 1 else others)[0]
