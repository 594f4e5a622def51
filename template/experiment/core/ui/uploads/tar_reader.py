"""The members of a tar, one after the other, read with bounded memory.

Template's file: updates replace it.
"""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator
from typing import IO, BinaryIO, Protocol

from .archive_member import Member
from .member_names import shown, too_large, wrong

MEGABYTE = 2**20
HEADER = MEGABYTE  # of a member, which is read as a whole
XZ_MEMORY = 128 * MEGABYTE  # xz -9 takes 65


class Readable(Protocol):
    """What gives bytes in the order that they come."""

    def read(self, size: int, /) -> bytes: ...


def tar_members(file: BinaryIO, packed: str, limit: int) -> Iterator[Member]:
    """Those of a tar.

    Args:
        file: The archive.
        packed: ``gz``, ``bz2``, ``xz`` or nothing.
        limit: Bytes that it may unpack to, headers included.

    Raises:
        HTTPException: One is a link or a device, or it is too large.
    """
    stream = _Forward(_unpacked(file, packed), limit)
    with tarfile.open(fileobj=stream, mode="r:") as archive:
        while (info := archive.next()) is not None:
            vars(archive)["members"].clear()  # it would keep them all in memory
            if not (info.isreg() or info.isdir()) or info.issparse():
                raise wrong(f"{shown(info.name)} is a link or a device")
            if info.size < 0:
                raise wrong(f"{shown(info.name)} has a size below nothing")
            yield Member(info.name, info.isdir(), info.size, lambda info=info: _open(archive, info))
    stream.check_end()


def _open(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return archive.extractfile(info) or io.BytesIO()


def _unpacked(file: BinaryIO, packed: str) -> Readable:
    if packed == "gz":
        return gzip.open(file)
    if packed == "bz2":
        return bz2.open(file)
    return io.BufferedReader(_Xz(file), MEGABYTE) if packed == "xz" else file


class _Forward:
    """A stream that tarfile reads from front to back, so far and no further.

    Attributes:
        last: What was read last: tarfile takes a broken header for the end, without a word.
    """

    def __init__(self, stream: Readable, limit: int) -> None:
        self.stream, self.limit, self.position, self.last = stream, limit, 0, b""

    def tell(self) -> int:
        return self.position

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= HEADER:
            raise wrong("one of its headers is too long")
        parts: list[bytes] = []
        while size and (part := self.stream.read(size)):
            parts.append(part)
            size -= len(part)
            self.position += len(part)
            if self.position > self.limit:
                raise too_large(self.limit)
        self.last = b"".join(parts)
        return self.last

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence or offset < self.position:
            raise wrong("its members overlap")
        while self.position < offset:
            if not self.read(min(offset - self.position, HEADER)):
                break
        return self.position

    def write(self, content: bytes, /) -> int:
        raise io.UnsupportedOperation("it is only read")

    def close(self) -> None:
        """Whoever has opened the file closes it."""

    def check_end(self) -> None:
        """Refuse what has ended in another way than a tar does.

        Raises:
            HTTPException: It is cut off, or something follows.
        """
        if self.last != bytes(tarfile.BLOCKSIZE):
            raise wrong("it is damaged, or a part of it is missing")
        while part := self.read(HEADER):
            if part.strip(b"\0"):
                raise wrong("something follows its end")


class _Xz(io.RawIOBase):
    """An .xz, whose dictionary may be as large as the machine for lzma.open."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.decompressor = file, self._begin()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        while True:
            machine = self.decompressor
            if machine.eof:  # another stream may follow, after zeros
                rest = (machine.unused_data or self.file.read(65536)).lstrip(b"\0")
                if not rest:
                    return 0
                machine = self.decompressor = self._begin()
            else:
                rest = self.file.read(65536) if machine.needs_input else b""
                if machine.needs_input and not rest:
                    raise EOFError("it ends too early")
            content = machine.decompress(rest, len(buffer))
            if content:
                buffer[: len(content)] = content
                return len(content)

    def _begin(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
