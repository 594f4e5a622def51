"""The members of a zip, read with bounded memory.

Template's file: updates replace it.
"""

import io
import stat
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from .archive_member import Member
from .member_names import shown, too_many, wrong

MEGABYTE = 2**20
DIRECTORY = 48 * MEGABYTE  # the list of its members, which is read as a whole
MEMBERS = 500_000
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}


def zip_members(file: BinaryIO) -> Iterator[Member]:
    """Those of a zip.

    Raises:
        HTTPException: One is a link, encrypted, or packed in a way that knows no bounds.
    """
    with zipfile.ZipFile(bounded(file)) as archive:
        for info in archive.infolist():
            name = info.orig_filename
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise wrong(f"{shown(name)} is a link or a device")
            if info.flag_bits & 0x1:
                raise wrong(f"{shown(name)} is encrypted")
            if info.compress_type not in METHODS:
                raise wrong(f"{shown(name)} is packed in another way than deflate or bzip2")
            is_folder = name.endswith("/")
            yield Member(name, is_folder, info.file_size, lambda info=info: archive.open(info))


def bounded(file: BinaryIO) -> io.BufferedReader:
    """A zip that cannot have zipfile read a list of members of any length into memory."""
    return _Bounded(io.FileIO(file.fileno(), closefd=False))


class _Bounded(io.BufferedReader):
    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > DIRECTORY:
            raise zipfile.BadZipFile(f"a list of members of {size / MEGABYTE:,.0f} MB")
        content = super().read(size)
        if content.count(b"PK\x01\x02") > MEMBERS:  # each is an object of half a kilobyte then
            raise too_many()
        return content
