"""An archive from a browser, unpacked: every member where it belongs, and nothing that runs.

Template's file: updates replace it. Nothing is made but plain files and folders that were not
there: no links, no rights, no owners, so that no member leads another one elsewhere.
"""

import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from .archive_member import Member
from .member_names import check_kind, member_path, pickled, shown, too_large, too_many, wrong
from .pickles import Sniffer
from .tar_reader import tar_members
from .upload_limits import Limits, check_free, disk_error
from .zip_reader import zip_members

MEGABYTE = 2**20
STEP = 64 * MEGABYTE  # between two looks at it
DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,  # zipfile's, of a way to pack
    RuntimeError,  # zipfile's, of a password
    ValueError,  # of numbers and names in headers; UnicodeDecodeError, too
    OverflowError,
)
TWICE = (FileExistsError, NotADirectoryError, IsADirectoryError)
STARTS = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz"}


@dataclass(frozen=True)
class Unpacked:
    """What has become of an archive.

    Attributes:
        folder: Where it lies.
        files: How many.
        size: Their bytes.
        passed_over: Members that were not unpacked: hidden names, and what systems add.
    """

    folder: Path
    files: int
    size: int
    passed_over: int


def unpack(archive: Path, folder: Path, limits: Limits) -> Unpacked:
    """Unpack a zip or a tar.

    Args:
        archive: The file, of any name.
        folder: To be made; what is in it after a refusal is the caller's to remove.
        limits: What is too much.

    Raises:
        HTTPException: 400 for what it holds, 413 for how much, 507 for a full disk.
    """
    most = limits.unpacked(archive.stat().st_size)
    writing = _Writing(folder, limits.members, most)
    try:
        with open(archive, "rb") as file:
            for member in _members(file, most):
                writing.add(member)
    except DAMAGED as error:
        raise wrong(f"it is damaged ({type(error).__name__}: {shown(str(error))})") from None
    except OSError as error:
        if error.errno is None:  # gzip's and bz2's, of their formats
            raise wrong(f"it is damaged ({shown(str(error))})") from None
        raise disk_error(error) from error
    if not writing.files:
        raise wrong("no file is in it")
    return Unpacked(folder, writing.files, writing.size, writing.passed_over)


def _members(file: BinaryIO, limit: int) -> Iterator[Member]:
    start = file.read(6)
    file.seek(0)
    packed = next((kind for magic, kind in STARTS.items() if start.startswith(magic)), "")
    return zip_members(file) if packed == "zip" else tar_members(file, packed, limit)


class _Writing:
    """What was unpacked up to now."""

    def __init__(self, folder: Path, members: int, most: int) -> None:
        self.folder, self.most, self.left = folder, most, members
        self.files = self.size = self.passed_over = self.looked = 0
        folder.mkdir()
        check_free(folder, 0)

    def add(self, member: Member) -> None:
        self.left -= 1
        if self.left < 0:
            raise too_many()
        path = member_path(member.name)
        if path is None:
            self.passed_over += not member.is_folder
            return
        self._count(member.size, is_announced=True)
        try:
            if member.is_folder:
                (self.folder / path).mkdir(parents=True, exist_ok=True)
            else:
                check_kind(path)
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                self._write(member, path)
        except TWICE:  # on a disk that takes a and A for one, those, too
            raise wrong(f"{shown(str(path))} is there twice, or both file and folder") from None

    def _write(self, member: Member, path: PurePosixPath) -> None:
        target, written, sniffer = self.folder / path, 0, Sniffer()
        with open(target, "xb") as file, member.open() as source:
            while part := source.read(MEGABYTE):
                written += len(part)
                self._count(len(part))
                sniffer.smell(part)
                file.write(part)
        if written != member.size:
            raise wrong(f"{shown(str(path))} ends too early")
        if sniffer.is_pickle(target):
            raise pickled(path)
        self.files += 1

    def _count(self, size: int, *, is_announced: bool = False) -> None:
        total = self.size + size
        if total > self.most:
            raise too_large(self.most)
        if is_announced:
            if size > STEP:
                check_free(self.folder, size)
            return
        self.size = total
        if self.size > self.looked + STEP:
            self.looked = self.size
            check_free(self.folder, 0)
