"""Pickles under another name: known by how they begin and end, and arrays that hold some.

Template's file: updates replace it. Nothing here loads what it looks at.
"""

import pickletools
import re
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from .zip_reader import METHODS, bounded

HEAD = 64 * 2**10
PROTOCOLS = {bytes([0x80, number]) for number in range(2, 6)}
STOP = b"."  # the last byte of each pickle
ENOUGH = 8  # instructions
ARRAY, ZIP = b"\x93NUMPY", b"PK\x03\x04"
OBJECTS = re.compile(rb"O|\\|obj")  # the other words of a header have none of them
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, struct.error)


class Sniffer:
    """Sees a file go by."""

    def __init__(self) -> None:
        self.head, self.last = b"", b""

    def smell(self, part: bytes) -> None:
        """The next part of it."""
        if len(self.head) < HEAD:
            self.head += part[: HEAD - len(self.head)]
        self.last = part[-1:] or self.last

    def is_pickle(self, path: Path) -> bool:
        """Whether it is one, or holds one.

        Args:
            path: Where it lies by now: an archive has to be opened.
        """
        if self.head[:2] in PROTOCOLS:
            return self.last == STOP or _begins_one(self.head)
        if self.head.startswith(ARRAY):
            return _has_objects(self.head)
        return self.head.startswith(ZIP) and _holds_pickles(path)


def _begins_one(head: bytes) -> bool:
    """Whether it goes on as one: something may follow it, as in what torch.save wrote before 1.6.

    Of other files' bytes a quarter are instructions of pickle's, too, but hardly eight in a row.
    """
    count = 0
    try:
        for instruction, _, _ in pickletools.genops(head):
            count += 1
            if instruction.name == "STOP" or count == ENOUGH:
                return True
    except (ValueError, IndexError):
        pass
    return False


def _has_objects(head: bytes) -> bool:
    """Whether an array may be of Python's objects, which numpy pickles.

    Its header is the text of a dict such as ``{'descr': '<f4', 'fortran_order': False, ...}``,
    where objects are ``|O``; with a backslash they could be written in other letters.
    """
    start = 12 if head[6:7] > b"\x01" else 10
    length = int.from_bytes(head[8:start], "little")
    return start + length > HEAD or bool(OBJECTS.search(head, start, start + length))


def _holds_pickles(path: Path) -> bool:
    """Whether it is an .npz of such arrays, or what torch.save writes: a zip with ``data.pkl``."""
    try:
        with open(path, "rb") as file, zipfile.ZipFile(bounded(file)) as archive:
            infos = archive.infolist()
            if any(PurePosixPath(info.filename).name == "data.pkl" for info in infos):
                return True
            arrays = (info for info in infos if info.filename.endswith(".npy"))
            return any(_is_of_objects(archive, info) for info in arrays)
    except UNREADABLE:  # nor does numpy or torch read it
        return False


def _is_of_objects(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    if info.compress_type not in METHODS:  # numpy writes no other
        return True
    with archive.open(info) as array:
        head = array.read(HEAD)
    return head.startswith(ARRAY) and _has_objects(head)
