"""Own texts in a folder: each file is a document, or a table with a document a row.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/train/a.txt                 or, to be split here:    data/a.txt
    data/train/more/b.jsonl                                   data/more/b.csv
    data/val/c.txt     (optional)
    data/test/d.txt    (optional)    or files of such names:  data/train.txt, data/wiki.test.tokens

Which file is which split: split_files.py. What is no plain text: text_files.py, tables.py.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from ...config.data import TextDataConfig
from ...errors import UserError
from ...files import shown, writable
from ..notes import Notes
from ..sampling import Indices
from .documents import Part, PassedOver, Piece, Texts, Unreadable, chosen, pieces_of
from .scan import Scan, note_repetitions, scan
from .split_files import LAYOUT, SplitFiles, split_files
from .tables import is_table, table_documents
from .text_files import decoded, fault, parted, suffix_of

MARK = "<|endoftext|>"  # as many corpora have it between documents
MARKUP = (".html", ".htm", ".xhtml", ".xml", ".svg")
# How markup begins, whatever the file is called: WikiExtractor's wiki_00, a page saved as .txt.
TAGS = ("<!doctype", "<html", "<?xml", "<doc ", "<mediawiki")


def load(config: TextDataConfig, root: Path) -> dict[str, Texts]:
    """The texts below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, no text in it, or (unless skipped) a file that is none.
    """
    if not root.exists():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {LAYOUT} in it")
    notes = Notes()
    found = split_files(root, config.splits, notes)
    scans = {split: _scan(files, config) for split, files in found.items()}
    names = {split: _names(files, scans[split]) for split, files in found.items()}
    texts = {
        split: _texts(files, config, scans[split], names[split]) for split, files in found.items()
    }
    note_repetitions(scans, lambda split, number: writable(names[split][number]))
    texts["train"].notes.update(notes)
    return texts


def file_documents(
    file: Path, config: TextDataConfig, notes: Notes, *, known: bool = False
) -> Iterator[Part]:
    """The documents of a file.

    Args:
        file: Of any kind.
        config: Its encoding, the column of texts, what stands between documents.
        notes: What was passed over, and what was read otherwise than it stands there.
        known: Whether it was looked through already, so that it is a text.
    """
    if is_table(file.name):
        yield from table_documents(file, config, notes, known=known)
        return
    if not known and (found := fault(file, config.encoding)):
        yield Unreadable(shown(file), found)
        return
    mark, is_empty = config.document_mark, True
    text = _watched(decoded(file, config.encoding, notes), file, mark, notes)
    documents = [text] if mark is None else ([part.strip("\n")] for part in parted(text, mark))
    for document in documents:
        for piece in _with_text(pieces_of(document)):
            yield piece
            is_empty = False
    if is_empty:
        yield PassedOver(shown(file), "files are empty: passed over")


def _with_text(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces of a document; none, if there is nothing but white space in all of them."""
    blank: list[Piece] = []
    for piece in pieces:
        blank.append(piece)
        if not piece.text.isspace():
            yield from blank
            yield from pieces
            return


def _watched(text: Iterator[str], file: Path, mark: str | None, notes: Notes) -> Iterator[str]:
    """A text as it is; counted where it is markup, or has marks that nobody asks for."""
    has_marks, is_markup = False, suffix_of(file.name) in MARKUP
    for number, part in enumerate(text):
        has_marks |= (mark or MARK) in part
        is_markup |= not number and part.lstrip().lower().startswith(TAGS)
        yield part
    if is_markup:
        notes.add("files are markup: their tags are read as text", shown(file))
    if has_marks and mark is None:
        notes.add(
            f"files have {MARK} in them and are one document each: "
            f"data.document_mark='{MARK}' parts them there",
            shown(file),
        )
    if mark is not None and not has_marks:
        notes.add("files have no data.document_mark in them: each is one document", shown(file))


def _scan(found: SplitFiles, config: TextDataConfig) -> Scan:
    reads = (partial(file_documents, file, config) for file in found.files)
    notes = Notes(found.place)
    _note_suffixes(found.files, notes)
    return scan(reads, found.place, _fingerprint(found.files, config), config, notes)


def _note_suffixes(files: Sequence[Path], notes: Notes) -> None:
    """Say which texts are of another kind than most: a script beside what it has fetched."""
    suffixes = [suffix_of(file.name) for file in files]
    most = max(sorted(set(suffixes)), key=suffixes.count)
    for file, suffix in zip(files, suffixes, strict=True):
        if suffix != most:
            other = f"{suffix or 'without suffix'}, unlike most: read as texts, too"
            notes.add(f"files are {other}", shown(file))


def _fingerprint(files: Sequence[Path], config: TextDataConfig) -> str:
    """Another one, if there may be another text to read."""
    setting = (config.encoding, config.text_column, config.rows_are_documents, config.document_mark)
    digest = hashlib.sha256(repr(setting).encode())
    for file in files:
        state = file.stat()
        digest.update(os.fsencode(file.absolute()))
        digest.update(f" {state.st_size} {state.st_mtime_ns} ".encode())
    return digest.hexdigest()


def _texts(found: SplitFiles, config: TextDataConfig, scanned: Scan, names: "Names") -> Texts:
    return Texts(
        found.place,
        partial(_read, found.files, scanned.starts, config),
        scanned.kept,
        scanned.num_bytes,
        _fingerprint(found.files, config),
        names,
        config.on_error,
        folder=shown(found.folder),
        notes=scanned.notes,
    )


def _read(
    files: list[Path], starts: NDArray[np.int64], config: TextDataConfig, numbers: Indices
) -> Iterator[Piece]:
    """The pieces of some documents, which were looked through before."""
    of_file = np.searchsorted(starts, numbers, side="right") - 1
    for index in np.unique(of_file).tolist():
        wanted = set((numbers[of_file == index] - starts[index]).tolist())
        yield from chosen(file_documents(files[index], config, Notes(), known=True), wanted)


class Names(Sequence[str]):
    """What each document is called: its file, and in a file of several its number there.

    Args:
        files: Their names.
        starts: The number of each file's first document.
        counts: How many documents each has.
    """

    def __init__(
        self, files: Sequence[str], starts: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> None:
        self.files, self.starts, self.counts = files, starts, counts

    def __len__(self) -> int:
        return int(self.counts.sum())

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    @override
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        file = int(np.searchsorted(self.starts, index, side="right")) - 1
        name = self.files[file]
        return name if self.counts[file] == 1 else f"{name}:{index - int(self.starts[file]) + 1}"


def _names(found: SplitFiles, scanned: Scan) -> Names:
    names = [file.relative_to(found.folder).as_posix() for file in found.files]
    return Names(names, scanned.starts, scanned.counts)
