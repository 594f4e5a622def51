"""Whether a checkpoint is whole, and one, before it is used.

Template's file: updates replace it. Free of torch, so that a damaged one is told at once.
"""

import zipfile
from pathlib import Path

from ..errors import UserError
from .metadata import read_metadata
from .weights_file import what_it_is


def what_is_wrong(path: Path) -> str:
    """Why a checkpoint cannot be started from; empty if it can, as far as is seen without torch.

    Every member's CRC is looked at (0.05 s for 100 MB), since ``torch.load`` itself does not see a
    flipped bit, and that it states where training stands.
    """
    if path.is_dir():
        return "a folder"
    try:
        if _first_bytes(path) != b"PK":
            return what_it_is(path) or "no checkpoint"
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                return "damaged"
        read_metadata(path)
    except UserError:
        return "no checkpoint of a training"
    except OSError as error:
        return f"not readable ({(error.strerror or str(error)).lower()})"
    except Exception:  # a flipped bit makes zipfile raise almost anything
        return "damaged"
    return ""


def _first_bytes(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(2)


def is_readable(path: Path) -> bool:
    """Whether a checkpoint is whole, and one."""
    return not what_is_wrong(path)
