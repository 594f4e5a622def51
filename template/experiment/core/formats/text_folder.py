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
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from ..datasets import DataError
from ..errors import UserError, shown
from ..sampling import Indices
from .folders import files_below, split_folders
from .texts import Piece, Texts, pieces_of

LAYOUT = "train/FILE.txt or FILE.txt"
BLOCK = 2**20  # bytes read at once


def load(root: Path, encoding: str = "utf-8", on_error: str = "raise") -> dict[str, Texts]:
    """The texts below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, or no file in it.
    """
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {LAYOUT} in it")
    folders = split_folders(root)
    return {split: _texts(folder, encoding, on_error) for split, folder in folders.items()}


def _texts(folder: Path, encoding: str, on_error: str) -> Texts:
    files = files_below(folder)
    if not files:
        raise UserError(f"{shown(folder)} holds no file; expected {LAYOUT} in data.root")
    states = [file.stat() for file in files]
    digest = hashlib.sha256(encoding.encode())
    for file, state in zip(files, states, strict=True):
        digest.update(f"{file.absolute()} {state.st_size} {state.st_mtime_ns} ".encode())
    names = [file.relative_to(folder).as_posix() for file in files]
    size = sum(state.st_size for state in states)
    reader, count = TextFiles(files, encoding, on_error), np.arange(len(files))
    texts = Texts(shown(folder), reader.read, count, size, digest.hexdigest(), names)
    reader.left_out = texts.left_out
    return texts


@dataclass
class TextFiles:
    """Reads files, each of which is looked through before any of it counts.

    Args:
        files: Their paths.
        encoding: Of their text.
        on_error: ``raise``, or ``skip`` a file that is no text and add it to ``left_out``.
    """

    files: list[Path]
    encoding: str
    on_error: str
    left_out: list[str] = field(default_factory=list)

    def read(self, numbers: Indices) -> Iterator[Piece]:
        """The pieces of some files.

        Raises:
            DataError: One is empty, binary, or in another encoding, and ``on_error`` is ``raise``.
        """
        for number in numbers.tolist():
            file = self.files[number]
            try:
                _check(file, self.encoding)
            except DataError:
                if self.on_error == "raise":
                    raise
                self.left_out.append(shown(file))
            else:
                yield from pieces_of(_decoded(file, self.encoding))


def read_text(file: Path, encoding: str) -> str:
    """All of one file.

    Raises:
        DataError: It is empty, binary, or in another encoding.
    """
    _check(file, encoding)
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


def _check(file: Path, encoding: str) -> None:
    """Look through all of a file, to know that it is a text.

    Raises:
        DataError: It is not; with the place where that shows.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    has_zeros = len("\0".encode(encoding)) > 1  # UTF-16 and UTF-32 are full of zero bytes
    place, line, is_empty = 0, 1, True  # byte and line where the block begins
    try:
        for block in chain(_blocks(file), [b""]):
            if not has_zeros and (zero := block.find(b"\0")) >= 0:
                raise _no_text(file, f"is no text: byte {place + zero} is zero, as in binary files")
            before = len(decoder.getstate()[0])  # bytes of a character that the last block began
            try:
                is_empty &= not decoder.decode(block, final=not block).strip()
            except UnicodeDecodeError as error:
                start = error.start - before
                line += block.count(b"\n", 0, max(start, 0))
                raise _no_text(
                    file,
                    f"is not {encoding}: byte {place + start} (line {line}) is "
                    f"0x{error.object[error.start]:02x}; set data.encoding",
                ) from None
            place, line = place + len(block), line + block.count(b"\n")
    except OSError as error:
        raise _no_text(file, f"cannot be read ({error.strerror})") from None
    if is_empty:
        raise _no_text(file, "is empty")


def _no_text(file: Path, reason: str) -> DataError:
    return DataError(f"{shown(file)} {reason}: replace it, or set data.on_error=skip")
