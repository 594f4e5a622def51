"""Data that is downloaded or converted, and a disk that refuses it.

Template's file: updates replace it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UserError
from ..files import shown
from ..runs.disk_errors import UNWRITABLE, reason_of


@contextmanager
def writing_data(root: Path) -> Iterator[None]:
    """Turn a refused download or conversion into a sentence."""
    try:
        yield
    except OSError as error:
        place = Path(os.fsdecode(error.filename)) if error.filename else root
        denied = isinstance(error, PermissionError) and place.is_relative_to(root)
        if error.errno not in UNWRITABLE and not denied:
            raise
        reason = reason_of(error)
        raise UserError(
            f"{shown(place)}: {reason}; data.root is the folder that data goes to: {shown(root)}"
        ) from error
