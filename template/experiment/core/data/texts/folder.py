"""Own texts in a folder: every file below it is a document.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/train/a.txt                 or, to be split here:    data/a.txt
    data/train/more/b.txt                                     data/more/b.txt
    data/val/c.txt     (optional)
    data/test/d.txt    (optional)
"""

import codecs
import hashlib
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from ...config.data import TextDataConfig
from ...errors import UserError
from ...files import shown
from ...runs.disk_errors import reason_of
from ..errors import DataError
from ..folders import files_below, paths_below, split_folders
from ..notes import Notes
from ..sampling import Indices
from .documents import Piece, Texts, Unreadable, pieces_of

LAYOUT = "train/FILE.txt or FILE.txt"
BLOCK = 2**20  # bytes read at once


def load(config: TextDataConfig, root: Path) -> dict[str, Texts]:
    """The texts below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, or no file in it.
    """
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {LAYOUT} in it")
    notes = Notes()
    folders = split_folders(root, config.splits, _has_files, lambda _: False, "texts", notes)
    splits = {
        split: _texts(folder, config.encoding, config.on_error) for split, folder in folders.items()
    }
    splits["train"].notes.update(notes)
    return splits


def _has_files(folder: Path) -> bool:
    return bool(paths_below(folder))


def _texts(folder: Path, encoding: str, on_error: str) -> Texts:
    notes = Notes(shown(folder))
    files = files_below(folder, notes)
    if not files:
        raise UserError(f"{shown(folder)} holds no file; expected {LAYOUT} in data.root")
    states = [file.stat() for file in files]
    digest = hashlib.sha256(encoding.encode())
    for file, state in zip(files, states, strict=True):
        digest.update(f"{file.absolute()} {state.st_size} {state.st_mtime_ns} ".encode())
    names = [file.relative_to(folder).as_posix() for file in files]
    return Texts(
        shown(folder),
        partial(_read, files, encoding),
        np.arange(len(files)),
        sum(state.st_size for state in states),
        digest.hexdigest(),
        names,
        on_error,
        notes=notes,
    )


def _read(files: list[Path], encoding: str, numbers: Indices) -> Iterator[Piece | Unreadable]:
    """The pieces of some files; each is looked through before any of it counts."""
    for number in numbers.tolist():
        file = files[number]
        if fault := _fault(file, encoding):
            yield Unreadable(shown(file), fault)
        else:
            yield from pieces_of(_decoded(file, encoding))


def read_text(file: Path, encoding: str) -> str:
    """All of one file.

    Raises:
        DataError: It is empty, binary, or in another encoding.
    """
    if fault := _fault(file, encoding):
        raise DataError(f"{shown(file)} {fault}")
    return "".join(_decoded(file, encoding))


def _blocks(file: Path) -> Iterator[bytes]:
    with open(file, "rb") as opened:
        while block := opened.read(BLOCK):
            yield block


def _decoded(file: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for block in _blocks(file):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _fault(file: Path, encoding: str) -> str | None:
    """Why a file is no text, with the place where that shows; None if it is one."""
    decoder = codecs.getincrementaldecoder(encoding)()
    has_zeros = len("\0".encode(encoding)) > 1  # UTF-16 and UTF-32 are full of zero bytes
    place, line, is_empty = 0, 1, True  # byte and line where the block begins
    try:
        for block in chain(_blocks(file), [b""]):
            if not has_zeros and (zero := block.find(b"\0")) >= 0:
                return f"is no text: byte {place + zero} is zero, as in binary files: replace it"
            before = len(decoder.getstate()[0])  # bytes of a character that the last block began
            try:
                is_empty &= not decoder.decode(block, final=not block).strip()
            except UnicodeDecodeError as error:
                start = error.start - before
                line += block.count(b"\n", 0, max(start, 0))
                found = f"byte {place + start} (line {line}) is 0x{error.object[error.start]:02x}"
                return f"is not {encoding}: {found}: set data.encoding, replace it"
            except UnicodeError as error:  # of the text as a whole, such as UTF-16's missing mark
                return f"is not {encoding}: {error}: set data.encoding, replace it"
            place, line = place + len(block), line + block.count(b"\n")
    except OSError as error:
        return f"cannot be read ({reason_of(error)}): replace it"
    return "is empty: replace it" if is_empty else None
