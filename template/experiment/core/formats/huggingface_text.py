"""Texts of a Hugging Face data set: wikitext, TinyStories, any with a column of text.

Template's file: updates replace it. To read a data set of another shape, write a reader in data.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import DataError
from ..errors import UserError
from ..sampling import Indices
from .huggingface import column_feature, splits_of
from .texts import Piece, Texts, pieces_of

ROWS = 1000  # read at once


def download(name: str, root: Path, subset: str | None = None) -> None:
    """Download what is not there yet.

    Raises:
        UserError: The package is missing, or there is no such data set.
    """
    splits_of(name, root, subset)


def load(
    name: str,
    root: Path,
    subset: str | None = None,
    column: str = "text",
    rows_are_documents: bool = True,
    on_error: str = "raise",
) -> dict[str, Texts]:
    """The data set by split: those that it has, "train" in any case.

    Args:
        name: As on huggingface.co, or a folder made by ``save_to_disk``.
        root: Where downloads are kept.
        subset: Of a data set that has several, which one.
        column: The column with the text.
        rows_are_documents: False: each row goes on where the one before it ends, as in wikitext.
        on_error: ``raise`` at a row without text, or ``skip`` it.

    Raises:
        UserError: The package, the data set or the column is missing, or it holds other things.
    """
    return {
        split: _texts(data, f"{name} ({split})", column, rows_are_documents, on_error)
        for split, data in splits_of(name, root, subset).items()
    }


def _texts(data: Any, name: str, column: str, rows_are_documents: bool, on_error: str) -> Texts:
    kind = column_feature(data, name, "text_column", column)
    if getattr(kind, "dtype", None) not in ("string", "large_string"):
        found = getattr(kind, "dtype", type(kind).__name__)
        raise UserError(f"data.text_column: {column} of {name} holds {found}, expected string")
    if not len(data):
        raise UserError(f"data.dataset: {name} has no rows")
    reader = TextRows(data, name, column, rows_are_documents, on_error)
    documents = np.arange(len(data) if rows_are_documents else 1)
    fingerprint = f"{data._fingerprint} {column} {rows_are_documents}"
    texts = Texts(name, reader.read, documents, _num_bytes(data, column), fingerprint)
    reader.left_out = texts.left_out
    return texts


@dataclass
class TextRows:
    """Reads the rows of one column.

    Args:
        data: The split, as ``datasets`` has it.
        name: What to call it in a message.
        column: Which column.
        rows_are_documents: Whether each row is one, or all rows together are one.
        on_error: ``raise``, or ``skip`` a row without text and add it to ``left_out``.
    """

    data: Any
    name: str
    column: str
    rows_are_documents: bool
    on_error: str
    left_out: list[str] = field(default_factory=list)

    def read(self, numbers: Indices) -> Iterator[Piece]:
        """The pieces of some documents.

        Raises:
            DataError: A row has no text, and ``on_error`` is ``raise``.
        """
        if self.rows_are_documents:
            for text in self._rows(numbers):
                yield from pieces_of([text])
        else:
            yield from pieces_of(self._rows(np.arange(len(self.data))))

    def _rows(self, numbers: Indices) -> Iterator[str]:
        texts = self.data.select_columns([self.column])
        for start in range(0, len(numbers), ROWS):
            rows = numbers[start : start + ROWS]
            for row, text in zip(rows.tolist(), texts[rows][self.column], strict=True):
                if text is None or (self.rows_are_documents and not text.strip()):
                    self._leave_out(row)
                else:
                    yield text

    def _leave_out(self, row: int) -> None:
        remedy = "set data.on_error=skip"
        if self.rows_are_documents:
            remedy += ", or data.rows_are_documents=false if the rows are lines of one text"
        if self.on_error == "raise":
            raise DataError(f"row {row} of {self.name} has no text in {self.column}: {remedy}")
        self.left_out.append(f"row {row}")


def _num_bytes(data: Any, column: str) -> int:
    """Of the column; of a selection of rows, their share."""
    table = data.data
    return round(table.column(column).nbytes * len(data) / max(table.num_rows, 1))
