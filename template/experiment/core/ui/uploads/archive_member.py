"""A member of an archive, of whatever kind that is.

Template's file: updates replace it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True)
class Member:
    """One of them.

    Attributes:
        name: As the archive has it.
        is_folder: It holds no bytes.
        size: Those it says that it holds.
        open: Reads them; only before the next member is asked for.
    """

    name: str
    is_folder: bool
    size: int
    open: Callable[[], IO[bytes]]
