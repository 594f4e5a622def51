"""A disk that refuses: said in a sentence before training, outlived by a record while it trains.

Template's file: updates replace it. Free of torch. A record (``metrics.jsonl``, ``summary.json``)
that cannot be written never ends training. What becomes of checkpoints: checkpoint/disk_space.py.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..console import say
from ..errors import UserError
from ..files import shown

FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
UNWRITABLE = FULL | {errno.EROFS}


def reason_of(error: OSError) -> str:
    """What the system said, as a part of a sentence."""
    reason = error.strerror or str(error)
    return reason[:1].lower() + reason[1:]


def check_writable(folder: Path) -> None:
    """Write a byte and take it away again.

    Raises:
        OSError: It cannot be written.
    """
    probe = folder / ".probe.tmp"
    try:
        probe.write_bytes(b"\0")
    finally:
        probe.unlink(missing_ok=True)


def unwritable(folder: Path, error: OSError) -> UserError:
    """The sentence for a run's folder in which nothing can be written."""
    reason = reason_of(error)
    remedy = "make room" if error.errno in FULL else "make it writable"
    return UserError(f"{shown(folder)}: {reason}; {remedy}, or give --output another folder")


_unrecorded: set[Path] = set()


@contextmanager
def outlived(path: Path) -> Iterator[None]:
    """Write a record; if the disk refuses, say so, once until it works again, and go on."""
    try:
        yield
    except OSError as error:
        if path not in _unrecorded:
            _unrecorded.add(path)
            say(f"{shown(path)}: {reason_of(error)}; going on without it")
    else:
        _unrecorded.discard(path)
