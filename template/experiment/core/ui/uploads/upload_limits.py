"""How much may come by the page, and whether the disk has room for it.

Template's file: updates replace it.
"""

import errno
import shutil
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException

from .zip_reader import MEMBERS

MEGABYTE = 2**20
FREE = 512 * MEGABYTE  # left on the disk


@dataclass(frozen=True)
class Limits:
    """What is too much.

    Attributes:
        upload: Bytes of the archive.
        times: How many times as large it may unpack, all in all,
        packed: and how many times as large as this one archive itself is,
        small: which is not asked of this many bytes.
        members: Files and folders in it.
    """

    upload: int = 2_000_000_000
    times: int = 10
    packed: int = 100
    small: int = 100 * MEGABYTE
    members: int = MEMBERS

    def unpacked(self, archive: int) -> int:
        """Bytes that an archive of so many may unpack to."""
        return min(self.upload * self.times, max(archive * self.packed, self.small))


def disk_error(error: OSError) -> Exception:
    """What to say of a disk; the error itself where that is no fault of the browser's."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return HTTPException(507, "The disk is full. Nothing was kept.")
    return error


def check_free(folder: Path, wanted: int) -> None:
    """Refuse what would fill a disk.

    Raises:
        HTTPException: 507.
    """
    if shutil.disk_usage(folder).free < wanted + FREE:
        raise HTTPException(507, f"The disk has no room for {wanted / MEGABYTE:,.0f} MB.")
