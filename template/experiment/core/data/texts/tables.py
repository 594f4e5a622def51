"""Tables whose rows are texts: JSON lines and lists, CSV, TSV and Parquet, packed or not.

Template's file: updates replace it. To read another format, write a reader in data.py.

``data.text_column`` names the column; ``data.rows_are_documents`` says whether a row is a document,
or goes on where the one before it ends.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ...config.data import TextDataConfig
from ...errors import UserError
from ...files import shown
from ...spelling import did_you_mean, nearest
from ..errors import DataError
from ..notes import Notes
from .documents import Part, PassedOver, Unreadable, pieces_of
from .text_files import PACKED, cleaned, decoded, fault, fault_by_content, parted, suffix_of

JSON_LINES = (".jsonl", ".ndjson", ".jsonlines")
DELIMITED = {".csv": ",;\t|", ".tsv": "\t,;|", ".tab": "\t,;|"}  # the usual one first
TABLES = (*JSON_LINES, ".json", *DELIMITED, ".parquet")
ROWS = 1000  # read at once
REMEDY = "mend it"


class Row(NamedTuple):
    """What a row has in the column of texts.

    Args:
        place: The row, as "line 3".
        value: A text; None where there is nothing; anything else is a fault.
        fault: Why the row cannot be read at all, and what would be right.
    """

    place: str
    value: Any = None
    fault: str = ""


def is_table(name: str) -> bool:
    return suffix_of(name) in TABLES


def table_documents(
    file: Path, config: TextDataConfig, notes: Notes, *, known: bool
) -> Iterator[Part]:
    """The documents of a table, which was looked through before if it is ``known``.

    Raises:
        UserError: What reads Parquet files, or unpacks this one, is missing.
    """
    if not known and (found := _fault(file, config.encoding)):
        yield Unreadable(shown(file), found)
        return
    is_empty = True
    for part in documents_of_rows(_rows(file, config, notes), shown(file), config, notes):
        yield part
        is_empty = False
    if is_empty:
        yield PassedOver(shown(file), "files are empty: passed over")


def documents_of_rows(
    rows: Iterable[Row], name: str, config: TextDataConfig, notes: Notes
) -> Iterator[Part]:
    """Rows as documents, or as the lines of one.

    Args:
        rows: Of a file, or of a Hugging Face data set.
        name: What to call it.
        config: The name of the column, and whether rows are documents.
        notes: What was passed over.

    Raises:
        DataError: A row that is a line is no text.
    """
    column = config.text_column
    if not config.rows_are_documents:
        yield from pieces_of(_lines(rows, name, column, notes))
        return
    for row in rows:
        place = f"{name}, {row.place}" if row.place else name
        if found := _row_fault(row, column):
            yield Unreadable(place, found)
        elif row.value is None or not row.value.strip("\ufeff \t\r\n"):
            yield PassedOver(place, f"rows have no text in {column}: passed over", is_row=True)
        else:
            yield from pieces_of([cleaned(row.value, place, notes)])


def _lines(rows: Iterable[Row], name: str, column: str, notes: Notes) -> Iterator[str]:
    """Each row as a line, whether it keeps its end, as wikitext does, or not."""
    for row in rows:
        place = f"{name}, {row.place}"
        if found := _row_fault(row, column):
            raise DataError(f"{place} {found}")
        text = cleaned(row.value or "", place, notes)
        yield f"{text}\n" if text and not text.endswith("\n") else text


def _row_fault(row: Row, column: str) -> str:
    if row.fault or row.value is None or isinstance(row.value, str):
        return row.fault
    kinds = {list: "a list", dict: "an object", bool: "true or false", int: "a number"}
    kind = kinds.get(type(row.value), f"a {type(row.value).__name__}")
    return f"has {kind} in {column}, expected a text: {REMEDY}, or set data.text_column"


def _fault(file: Path, encoding: str) -> str | None:
    """Why a file cannot be read as a table of its kind; None: it may be."""
    if suffix_of(file.name) != ".parquet":
        return fault(file, encoding)
    if file.suffix.lower() in PACKED:
        return f"is a Parquet file that was packed once more: unpack it, {shown(file)}"
    found = fault_by_content(file)
    return None if found and "Parquet" in found else found or "is no Parquet file: replace it"


def _rows(file: Path, config: TextDataConfig, notes: Notes) -> Iterator[Row]:
    suffix, column = suffix_of(file.name), config.text_column
    if suffix == ".parquet":
        return _parquet_rows(file, column)
    text = decoded(file, config.encoding, notes)
    if suffix in DELIMITED:
        return _delimited_rows(text, column, DELIMITED[suffix])
    if suffix in JSON_LINES:
        return _json_line_rows(text, column)
    return _json_rows("".join(text), column)


def _lacks(column: str, columns: Iterable[str]) -> str:
    names = [str(name)[:40] for name in columns]
    there = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    hint = did_you_mean(nearest(column, names))
    return f"has no column {column}, only {there or 'nothing'}{hint}: set data.text_column"


# --- JSON ----------------------------------------------------------------------------------------


def _json_line_rows(text: Iterable[str], column: str) -> Iterator[Row]:
    known = False  # whether a row before had the column
    for number, line in enumerate(parted(text, "\n"), start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            row = _json_row(place, json.loads(line), column, known)
        except (ValueError, RecursionError) as error:
            row = Row(place, fault=f"is no JSON ({error}): {REMEDY}")
        known |= not row.fault
        yield row


def _json_rows(text: str, column: str) -> Iterator[Row]:
    """A list of rows, or one row; or lines of JSON, which many call .json, too."""
    if not text.strip():
        return
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if "Extra data" in str(error):
            yield from _json_line_rows([text], column)
        else:
            yield Row("", fault=f"is no JSON ({error}): {REMEDY}")
        return
    if isinstance(content, dict) and column not in content:
        keys = ", ".join(list(map(str, content))[:8])
        yield Row("", fault=f"holds one object ({keys}), expected a list of rows: {REMEDY}")
        return
    known = False
    for number, value in enumerate(content if isinstance(content, list) else [content]):
        row = _json_row(f"row {number}", value, column, known)
        known |= not row.fault
        yield row


def _json_row(place: str, value: Any, column: str, known: bool) -> Row:
    """A text, or an object that has one; where others had it, one that lacks it has no text."""
    if isinstance(value, str):
        return Row(place, value)
    if not isinstance(value, dict):
        return Row(place, fault=f"is neither a text nor an object: {REMEDY}")
    if column not in value and not known:
        return Row(place, fault=_lacks(column, value))
    return Row(place, value.get(column))


# --- CSV, TSV ------------------------------------------------------------------------------------


def _delimited_rows(text: Iterable[str], column: str, delimiters: str) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)  # a field is a document: the usual limit is 131,072
    lines = (f"{line}\n" for line in parted(text, "\n"))
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        return
    headers = {sign: next(csv.reader([first], delimiter=sign), []) for sign in delimiters}
    fitting = [sign for sign in delimiters if column in headers[sign]]
    if not fitting:
        most = max(delimiters, key=lambda sign: len(headers[sign]))
        yield Row("line 1", fault=_lacks(column, headers[most]))
        return
    header = headers[fitting[0]]
    reader = csv.reader(lines, delimiter=fitting[0], strict=True)
    try:
        for row in reader:
            place = f"line {reader.line_num + 1}"
            if not row or not any(row):
                continue
            if len(row) != len(header):
                count = f"has {len(row)} fields, and the first line {len(header)}"
                yield Row(place, fault=f"{count}: {REMEDY}")
            else:
                yield Row(place, row[header.index(column)])
    except csv.Error as error:
        fault = f"is not as CSV is written ({error}): {REMEDY}, or write it as .jsonl"
        yield Row(f"line {reader.line_num + 1}", fault=fault)


# --- Parquet -------------------------------------------------------------------------------------


def _parquet_rows(file: Path, column: str) -> Iterator[Row]:
    try:
        parquet: Any = import_module("pyarrow.parquet")
        types: Any = import_module("pyarrow.types")
    except ImportError:
        raise UserError(
            f"{shown(file)} needs pyarrow to be read: uv sync --extra huggingface"
        ) from None
    try:
        opened = parquet.ParquetFile(file)
    except (OSError, ValueError) as error:
        yield Row("", fault=f"is no Parquet file, or damaged ({error}): replace it")
        return
    with opened:
        schema = opened.schema_arrow
        if column not in schema.names:
            yield Row("", fault=_lacks(column, schema.names))
            return
        kind = schema.field(column).type
        kind = getattr(kind, "value_type", kind) if types.is_dictionary(kind) else kind
        if str(kind) not in ("string", "large_string", "string_view"):
            yield Row("", fault=f"holds {kind} in {column}, expected string: set data.text_column")
            return
        number = 0
        for batch in opened.iter_batches(ROWS, columns=[column]):
            for value in batch.column(0).to_pylist():
                yield Row(f"row {number}", value)
                number += 1
