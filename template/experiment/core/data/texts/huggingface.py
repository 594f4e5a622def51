"""Texts of a Hugging Face data set: wikitext, TinyStories, any with a column of text.

Template's file: updates replace it. To read a data set of another shape, write a reader in data.py.
"""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ...config.data import TextDataConfig
from ...errors import UserError
from ..huggingface import column_feature, splits_of
from ..sampling import Indices
from .documents import Piece, Texts, Unreadable, pieces_of

ROWS = 1000  # read at once


def download(config: TextDataConfig, root: Path) -> None:
    """Download what is not there yet.

    Raises:
        UserError: The package is missing, or there is no such data set.
    """
    splits_of(str(config.dataset), root, config.subset, config.splits)


def load(config: TextDataConfig, root: Path) -> dict[str, Texts]:
    """The data set by split: those that it has, "train" in any case.

    Args:
        config: Its name as on huggingface.co, or a folder made by ``save_to_disk``; which subset,
            which column; and whether a row is a document, or goes on where the one before it ends.
        root: Where downloads are kept.

    Raises:
        UserError: The package, the data set or the column is missing, or it holds other things.
    """
    name = str(config.dataset)
    return {
        split: _texts(data, f"{name} ({split})", config)
        for split, data in splits_of(name, root, config.subset, config.splits).items()
    }


def _texts(data: Any, name: str, config: TextDataConfig) -> Texts:
    column, rows_are_documents = config.text_column, config.rows_are_documents
    kind = column_feature(data, name, "text_column", column)
    if getattr(kind, "dtype", None) not in ("string", "large_string"):
        found = getattr(kind, "dtype", type(kind).__name__)
        raise UserError(f"data.text_column: {column} of {name} holds {found}, expected string")
    if not len(data):
        raise UserError(f"data.dataset: {name} has no rows")
    return Texts(
        name,
        partial(_read_rows if rows_are_documents else _read_lines, data, name, column),
        np.arange(len(data) if rows_are_documents else 1),
        _num_bytes(data, column),
        f"{data._fingerprint} {column} {rows_are_documents}",
        on_error=config.on_error,
    )


def _read_rows(data: Any, name: str, column: str, rows: Indices) -> Iterator[Piece | Unreadable]:
    for row, text in _column(data, column, rows):
        if text and not text.isspace():
            yield from pieces_of([text])
        else:
            yield Unreadable(
                f"row {row} of {name}",
                f"has no text in {column}: set data.rows_are_documents=false if its rows are the "
                "lines of one text",
            )


def _read_lines(data: Any, name: str, column: str, _: Indices) -> Iterator[Piece | Unreadable]:
    rows = _column(data, column, np.arange(len(data)))
    yield from pieces_of(_line(text or "") for _, text in rows)


def _line(text: str) -> str:
    """A row as a line, whether the data set keeps the ends of lines, as wikitext does, or not."""
    return f"{text}\n" if text and not text.endswith("\n") else text


def _column(data: Any, column: str, rows: Indices) -> Iterator[tuple[int, str | None]]:
    texts = data.select_columns([column])
    for start in range(0, len(rows), ROWS):
        some = rows[start : start + ROWS]
        yield from zip(some.tolist(), texts[some][column], strict=True)


def _num_bytes(data: Any, column: str) -> int:
    """Of the column; of a selection of rows, their share."""
    compute: Any = import_module("pyarrow.compute")  # which datasets brings along
    table = data.data
    total = compute.sum(compute.binary_length(table.column(column))).as_py() or 0
    return round(total * len(data) / table.num_rows)
