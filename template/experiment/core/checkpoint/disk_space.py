"""Room for checkpoints: looked for before training, and outlived where it ends.

Template's file: updates replace it. Free of torch.

- before training: no room for one checkpoint is refused; too little for all that is kept is said;
- a save that fails leaves the checkpoints before it whole, and training goes on until the next one;
- three that fail in a row end training, with exit code 1: a supervisor starts it once more, and is
  told at once (exit code 2) if there is still no room.
"""

import errno
import os
import shutil
from pathlib import Path

from ..console import say
from ..errors import UserError
from ..files import shown
from ..runs.disk_errors import reason_of
from ..runs.layout import LAST, PREVIOUS

SAVES_IN_VAIN = 3  # in a row, then training ends


class NotSaved(Exception):
    """A checkpoint could not be written; those before it are whole."""


def room_problem(folder: Path, least: int) -> str | None:
    """Why not one checkpoint can be saved in ``folder``, or None.

    Args:
        folder: ``checkpoints/``; what its last checkpoint takes counts more than ``least``.
        least: Bytes that the first checkpoint surely takes.
    """
    free, size = free_bytes(folder), last_size(folder) or least
    if free is None or free >= size:
        return None
    return (
        f"{shown(folder)}: {_size(free)} free, a checkpoint takes {_size(size)}; "
        "make room, or give --output a folder on another disk"
    )


def room_warning(folder: Path, least: int, best: int) -> str | None:
    """What a person should know where there is room for one checkpoint, but not for all.

    Args:
        folder: ``checkpoints/``.
        least: Bytes that the first checkpoint surely takes.
        best: How many of the best are kept beside the last and the one before.
    """
    free, size = free_bytes(folder), last_size(folder) or least
    present = {path.stat().st_ino for path in folder.glob("*.ckpt")}  # links take no room
    missing = max(1, 3 + best - len(present))  # the third is the one that is being written
    if free is None or free >= missing * size:
        return None
    return (
        f"{shown(folder)}: only {_size(free)} free, checkpoints may take {_size(missing * size)} "
        "more; a save that finds no room is left out"
    )


def free_bytes(folder: Path) -> int | None:
    """Bytes that may still be written; None where the file system does not know."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return usage.free if usage.total else None


def last_size(folder: Path) -> int | None:
    """Bytes of the newest clean checkpoint."""
    for name in (LAST, PREVIOUS):
        path = folder / name
        if path.is_file():
            return path.stat().st_size
    return None


def require_room(folder: Path) -> None:
    """Rather no save than one that stops half-way.

    Raises:
        OSError: There is less room than the last checkpoint takes.
    """
    free, size = free_bytes(folder), last_size(folder)
    if free is not None and size is not None and free < size:
        reason = f"{os.strerror(errno.ENOSPC)} ({_size(free)} free, {_size(size)} needed)"
        raise OSError(errno.ENOSPC, reason)


def disk_problem(error: BaseException) -> str | None:
    """What the disk said, if it is to blame for a failed save.

    torch reports a failed write as a RuntimeError that came up while handling an OSError.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError):
            return reason_of(seen)
        seen = seen.__cause__ or seen.__context__
    return "the file could not be written" if "PytorchStreamWriter" in str(error) else None


class Saves:
    """Counts the saves in a row that failed, and says so.

    Args:
        folder: ``checkpoints/``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.in_vain = 0
        self.problem = ""

    def worked(self) -> None:
        if self.in_vain:
            say(f"{shown(self.folder)}: checkpoints are saved again")
        self.in_vain = 0

    def failed(self, problem: str) -> None:
        self.in_vain, self.problem = self.in_vain + 1, problem
        say(f"{shown(self.folder)}: checkpoint not saved: {problem}; the older ones are whole")

    def end_in_vain(self, most: int = SAVES_IN_VAIN) -> None:
        """End training if ``most`` saves failed in a row.

        Raises:
            UserError: They did.
        """
        if self.in_vain >= most:
            raise UserError(
                f"{shown(self.folder)}: the last {_saves(self.in_vain)} failed: {self.problem}; "
                "mend that, and the same command goes on from the last checkpoint",
                code=1,
            )


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _saves(count: int) -> str:
    return "save" if count == 1 else f"{count} saves"
