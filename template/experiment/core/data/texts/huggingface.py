"""Texts of a Hugging Face data set: wikitext, TinyStories, any with a column of text.

Template's file: updates replace it. To read a data set of another shape, write a reader in data.py.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ...config.data import TextDataConfig
from ...errors import UserError
from ..huggingface import column_feature, splits_of
from ..notes import Notes
from ..sampling import Indices
from .documents import Part, Piece, Texts, chosen
from .scan import Scan, note_repetitions, scan
from .tables import Row, documents_of_rows

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
    dataset = str(config.dataset)
    found = splits_of(dataset, root, config.subset, config.splits)
    scans = {split: _scan(data, f"{dataset} ({split})", config) for split, data in found.items()}
    note_repetitions(scans, lambda split, number: f"row {number} of {split}")
    return {
        split: Texts(
            f"{dataset} ({split})",
            partial(_read, data, f"{dataset} ({split})", config),
            scans[split].kept,
            scans[split].num_bytes,
            _fingerprint(data, config),
            on_error=config.on_error,
            notes=scans[split].notes,
        )
        for split, data in found.items()
    }


def _scan(data: Any, name: str, config: TextDataConfig) -> Scan:
    _check_column(data, name, config.text_column)
    if not len(data):
        raise UserError(f"data.dataset: {name} has no rows")
    read = partial(_documents, data, name, config)
    return scan([read], name, _fingerprint(data, config), config, Notes(name))


def _check_column(data: Any, name: str, column: str) -> None:
    kind = column_feature(data, name, "text_column", column)
    if getattr(kind, "dtype", None) in ("string", "large_string"):
        return
    inner = getattr(kind, "feature", None)
    if inner is not None or isinstance(kind, list):
        found = f"lists of {getattr(inner, 'dtype', 'values')}"
    elif isinstance(kind, dict):
        found = f"objects ({', '.join(kind)})"
    else:
        found = getattr(kind, "dtype", type(kind).__name__)
    raise UserError(
        f"data.text_column: {column} of {name} holds {found}, expected string: name another "
        "column, or make one text of each row, by map() of datasets, and save_to_disk"
    )


def _fingerprint(data: Any, config: TextDataConfig) -> str:
    return f"{data._fingerprint} {config.text_column} {config.rows_are_documents}"


def _documents(data: Any, name: str, config: TextDataConfig, notes: Notes) -> Iterator[Part]:
    return documents_of_rows(_rows(data, config.text_column), name, config, notes)


def _rows(data: Any, column: str) -> Iterator[Row]:
    texts = data.select_columns([column])
    for start in range(0, len(data), ROWS):
        for number, text in enumerate(texts[start : start + ROWS][column], start=start):
            yield Row(f"row {number}", text)


def _read(data: Any, name: str, config: TextDataConfig, numbers: Indices) -> Iterator[Piece]:
    return chosen(_documents(data, name, config, Notes()), set(numbers.tolist()))
