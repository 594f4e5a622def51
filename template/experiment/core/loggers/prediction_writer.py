"""Predictions into a table: one row a sample, CSV or JSON lines by the file's name.

Template's file: updates replace it. What a row holds is what ``predict_step`` in module.py returns:
a dict of columns, each a list or a tensor with one entry a sample; an entry may be a list, which
stands in a CSV file as JSON, or a picture of PIL's: prediction_pictures.py.
"""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import shown, writable
from .prediction_pictures import PictureFolders


def check_target(path: Path) -> None:
    """Refuse a file that cannot be written before anything is computed.

    Raises:
        UserError: Another suffix than .csv or .jsonl, or no such folder.
    """
    if path.suffix not in {".csv", ".jsonl"}:
        raise UserError(f"--output {shown(path)}: predictions are written as .csv or .jsonl")
    if not path.parent.is_dir():
        raise UserError(f"--output {shown(path)}: there is no folder {shown(path.parent)}")


def write_predictions(batches: Iterable[Mapping[str, Any]], path: Path, names: list[str]) -> int:
    """Write all rows, atomically; returns how many.

    Args:
        batches: What ``predict_step`` returned for each batch.
        path: The file; its suffix decides the format.
        names: The input of each sample, such as its file; empty where it has no name.
    """
    unfinished = path.with_name(f".{path.name}.tmp")
    pictures, count = PictureFolders(path, names), 0
    escaped = "backslashreplace"  # names that are no UTF-8
    with open(unfinished, "w", newline="", encoding="utf-8", errors=escaped) as file:
        writer: Any = None
        for count, row in enumerate(rows(batches), start=1):
            row = pictures.placed(row, count)
            if names:
                row = {"input": names[count - 1], **row}
            row = {writable(name): written(value) for name, value in row.items()}
            if path.suffix == ".jsonl":
                file.write(json.dumps(row) + "\n")
                continue
            if writer is None:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow({name: _cell(value) for name, value in row.items()})
    pictures.finish()
    os.replace(unfinished, path)
    return count


def written(value: Any) -> Any:
    """A value whose texts any file takes, however deep they lie."""
    match value:
        case str():
            return writable(value)
        case list() | tuple():
            return [written(one) for one in value]
        case dict():
            return {written(name): written(one) for name, one in value.items()}
    return value


def rows(batches: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """One dict a sample, from the columns of each batch."""
    for batch in batches:
        columns = {name: _values(column) for name, column in batch.items()}
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value


def _values(column: Any) -> list[Any]:
    return column.tolist() if hasattr(column, "tolist") else list(column)  # a tensor, an array
