"""All texts of a split looked through once: which documents there are, and which are the same.

Template's file: updates replace it. What was found is kept in ``data.cache``.
"""

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...config.data import TextDataConfig
from ...errors import UserError
from ...files import project_path
from ..errors import DataError
from ..notes import Notes
from ..split_names import SPLITS
from .cache import digest_of, make_once, progress_of
from .documents import Part, PassedOver, Piece, Unreadable

Read = Callable[[Notes], Iterable[Part]]  # all documents of a file, with what is passed over in it
FEW_BLANK = 0.1  # of the rows; more: they are the lines of one text


@dataclass
class Scan:
    """What was found in a split.

    Args:
        counts: How many documents each file has, with those that were left out.
        kept: The numbers of those that have text, counted over all files.
        digests: What tells the text of each of these from another one.
        num_bytes: Their length in UTF-8.
        notes: Where they are from, and what was passed over.
    """

    counts: NDArray[np.int64]
    kept: NDArray[np.int64]
    digests: NDArray[np.uint64]
    num_bytes: int
    notes: Notes

    @property
    def starts(self) -> NDArray[np.int64]:
        """The number of each file's first document."""
        return np.cumsum(self.counts) - self.counts


def scan(reads: Iterable[Read], name: str, key: str, config: TextDataConfig, notes: Notes) -> Scan:
    """Look through all documents, unless the cache knows what is there.

    Args:
        reads: What reads each file.
        name: What to call the split, in messages.
        key: Another one, if there is another text to read.
        config: Where the cache is, and whether to skip a document that is no text.
        notes: Get what is found.

    Raises:
        DataError: A document is no text, and ``data.on_error`` is ``raise``.
        UserError: There is no text at all.
    """
    digest = digest_of("scan", key, config.on_error)
    folder = project_path(config.cache) / f"documents-{digest}"
    make_once(folder, lambda unfinished: _store(_look(reads, name, config), unfinished))
    counts, kept, digests = (
        np.load(folder / f"{part}.npy") for part in ("counts", "kept", "digests")
    )
    found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    notes.update(Notes(counts=found["notes"], first=found["first"]))
    if not len(kept):
        passed = "; ".join(notes.lines())
        raise UserError(f"{name} holds no text{': ' if passed else ''}{passed}")
    return Scan(counts, kept, digests, found["bytes"], notes)


def _store(found: Scan, folder: Path) -> None:
    folder.mkdir()
    for part in ("counts", "kept", "digests"):
        np.save(folder / f"{part}.npy", getattr(found, part))
    index = {"bytes": found.num_bytes, "notes": found.notes.counts, "first": found.notes.first}
    (folder / "found.json").write_text(json.dumps(index), encoding="utf-8")


def _look(reads: Iterable[Read], name: str, config: TextDataConfig) -> Scan:
    counts, kept, digests, notes = array("q"), array("q"), array("Q"), Notes()
    number, num_bytes, blank = 0, 0, 0
    with progress_of(f"looking through {name}") as bar:
        for read in reads:
            first = number
            for document in _documents(read(notes)):
                match document:
                    case _Document():
                        kept.append(number)
                        digests.append(document.digest)
                        num_bytes += document.size
                        bar.update(document.size)
                    case PassedOver() | Unreadable():
                        pass_over(document, config.on_error, notes)
                        blank += isinstance(document, PassedOver) and document.is_row
                number += 1
            counts.append(number - first)
    if blank > FEW_BLANK * number and config.on_error == "raise":
        raise _too_many_blank(notes, blank, number, config.text_column)
    return Scan(np.array(counts), np.array(kept), np.array(digests), num_bytes, notes)


def pass_over(document: PassedOver | Unreadable, on_error: str, notes: Notes) -> None:
    """Count what is without text, and what is no text if that is to be skipped.

    Raises:
        DataError: It is no text, and is not to be skipped.
    """
    if isinstance(document, PassedOver):
        notes.add(document.kind, document.name)
    elif on_error == "raise":
        raise DataError(f"{document.name} {document.fault}, or set data.on_error=skip")
    else:
        notes.add("documents cannot be read: left out", f"{document.name} {document.fault}")


def _too_many_blank(notes: Notes, blank: int, number: int, column: str) -> DataError:
    first = next(name for kind, name in notes.first.items() if kind.startswith("rows have no text"))
    return DataError(
        f"{first} has no text in {column}, and {blank:,} of {number:,} rows have none: set "
        "data.rows_are_documents=false if its rows are the lines of one text, or set "
        "data.on_error=skip"
    )


class _Document(NamedTuple):
    """A document that has text."""

    digest: int
    size: int  # bytes of UTF-8


def _documents(parts: Iterable[Part]) -> Iterator[_Document | PassedOver | Unreadable]:
    """What is there, a document at a time."""
    hashed, size = None, 0
    for part in parts:
        is_piece = isinstance(part, Piece)
        if hashed is not None and not (is_piece and not part.begins):
            yield _Document(int.from_bytes(hashed.digest()), size)
            hashed = None
        if not is_piece:
            yield part
            continue
        if part.begins:
            hashed, size = hashlib.blake2b(digest_size=8), 0
        assert hashed is not None
        encoded = part.text.encode("utf-8", "surrogatepass")
        hashed.update(encoded)
        size += len(encoded)
    if hashed is not None:
        yield _Document(int.from_bytes(hashed.digest()), size)


# --- the same text more than once ----------------------------------------------------------------


def note_repetitions(found: Mapping[str, Scan], name_of: Callable[[str, int], str]) -> None:
    """Count documents that are there more than once, in a split or in two of them.

    Args:
        found: What each split has, "train" first.
        name_of: What a document of a split is called, by its number.
    """
    for split, scan in found.items():
        _, first, counts = np.unique(scan.digests, return_index=True, return_counts=True)
        if repeated := int((counts - 1).sum()):
            example = name_of(split, int(scan.kept[first[counts > 1].min()]))
            scan.notes.add(f"documents of {split} repeat one before them", example, repeated)
        for other in SPLITS[: SPLITS.index(split)]:
            if other in found:
                both = np.isin(scan.digests, found[other].digests)
                if count := int(both.sum()):
                    example = name_of(split, int(scan.kept[both.argmax()]))
                    scan.notes.add(f"documents of {split} are in {other}, too", example, count)
