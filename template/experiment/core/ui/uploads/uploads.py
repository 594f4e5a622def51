"""Data that comes by the page: unpacked beside its place, and in it at once or not at all.

Template's file: updates replace it.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import anyio
from anyio.to_thread import run_sync
from filelock import FileLock, Timeout
from starlette.exceptions import HTTPException
from starlette.requests import Request

from .archives import Unpacked, unpack
from .multipart import FormWithFile
from .upload_limits import Limits, check_free, disk_error

FOLDER = ".uploads"  # hidden, so that no reader of data takes it for a class
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # by Windows
AT_ONCE = 2
LOCK = ".NAME.lock"  # is held by whoever fills the folder NAME beside it


class Uploads:
    """Takes archives into a folder of data.

    Args:
        data_root: Each becomes a folder in it.
        limits: What is too much.
    """

    def __init__(self, data_root: Path, limits: Limits | None = None) -> None:
        self.data_root, self.limits = data_root, limits or Limits()
        self.folder = data_root / FOLDER
        self._running, self._unpacking = 0, anyio.Semaphore(1)

    async def receive(self, request: Request) -> Unpacked:
        """Take a form with the field ``name`` and one file, and unpack that.

        Raises:
            HTTPException: It is refused, and nothing of it is left.
        """
        if self._running >= AT_ONCE:
            raise HTTPException(429, f"{AT_ONCE} uploads are under way; try again after them.")
        self._running += 1
        try:
            with self._place() as place:
                return await self._receive(request, place)
        except OSError as error:
            raise disk_error(error) from error
        finally:
            self._running -= 1

    def clear(self) -> None:
        """Remove what uploads have left whose server was killed; another server's stay."""
        for lock in self.folder.glob(LOCK.replace("NAME", "*")):
            place = lock.with_name(lock.name.removeprefix(".").removesuffix(".lock"))
            try:
                with FileLock(lock, timeout=0):
                    shutil.rmtree(place, ignore_errors=True)
            except Timeout:
                continue
            lock.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    async def _receive(self, request: Request, place: Path) -> Unpacked:
        declared = request.headers.get("content-length", "0")
        check_free(place, int(declared) if declared.isdecimal() else 0)
        archive = place / "archive.part"
        with open(archive, "xb") as file:
            form = FormWithFile(request.headers.get("content-type", ""), file)
            await form.read(request.stream())
        target = self.data_root / checked_name(form.fields.get("name", ""))
        if not form.filename or not archive.stat().st_size:
            raise HTTPException(400, "Choose a file: a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz.")
        self._check_new(target)
        async with self._unpacking:
            unpacked = await run_sync(unpack, archive, place / "files", self.limits)
            self._check_new(target)
            try:
                os.rename(unpacked.folder, target)  # within a file system: all of it, or nothing
            except OSError:
                self._check_new(target)
                raise
        return replace(unpacked, folder=target)

    @contextmanager
    def _place(self) -> Iterator[Path]:
        """A folder of this upload's own, which is gone afterwards."""
        place = self.folder / secrets.token_hex(8)
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(_lock(place)):
                place.mkdir(mode=0o700)
                try:
                    yield place
                finally:
                    shutil.rmtree(place, ignore_errors=True)
        finally:
            _lock(place).unlink(missing_ok=True)
            with suppress(OSError):  # another one is under way
                self.folder.rmdir()

    def _check_new(self, target: Path) -> None:
        if os.path.lexists(target):
            raise HTTPException(409, f"{target.name} is there already; choose another name.")


def checked_name(name: str) -> str:
    """A name for a folder of data.

    Raises:
        HTTPException: It is none on each system, or no plain one.
    """
    if not NAME.fullmatch(name) or RESERVED.fullmatch(name) or name.endswith("."):
        raise HTTPException(400, "A name has letters, digits, and . - _ inside: at most 100.")
    return name


def _lock(place: Path) -> Path:
    return place.with_name(LOCK.replace("NAME", place.name))
