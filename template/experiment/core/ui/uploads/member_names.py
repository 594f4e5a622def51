"""The names in an archive: each a path downwards, made of plain names, on any system.

Template's file: updates replace it.
"""

import re
from pathlib import PurePosixPath

from starlette.exceptions import HTTPException

LONGEST, DEEPEST = 1000, 40  # bytes of a path, folders in it
PART = 255  # bytes of a name, on every file system of today
LEFT_BEHIND = {"__MACOSX", "Thumbs.db", "desktop.ini"}
# What Python or torch may run code from while it is loaded.
PICKLES = (
    ".pkl",
    ".pickle",
    ".p",
    ".pk",
    ".pt",
    ".pth",
    ".ckpt",
    ".joblib",
    ".dill",
    ".cloudpickle",
    ".pyc",
    ".mar",
)
PACKED = (".gz", ".bz2", ".xz", ".lz4", ".zst", ".z")  # joblib and pandas unpack them by themselves


def member_path(name: str) -> PurePosixPath | None:
    """Where a member belongs below the folder of its archive.

    Returns:
        The path; None for what is passed over: hidden names, a system's own, the folder itself.

    Raises:
        HTTPException: It leads elsewhere, to some system or to all, or has no place on a disk.
    """
    if not name:
        raise wrong("a member without a name")
    if reason := _reason(name):
        raise wrong(f"the member {shown(name)} {reason}")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if not parts or any(part.startswith(".") or part in LEFT_BEHIND for part in parts):
        return None
    return PurePosixPath(*parts)


def check_kind(path: PurePosixPath) -> None:
    """Refuse what may run code when it is loaded, by its name.

    Raises:
        HTTPException: It is a pickle, or packed one.
    """
    name = path.name.lower()
    for ending in PACKED:
        name = name.removesuffix(ending)
    if name.endswith(PICKLES):
        raise pickled(path)


def pickled(path: PurePosixPath) -> HTTPException:
    """What to say of a pickle."""
    return wrong(f"{shown(str(path))} is a pickle, which may run anything when it is loaded")


def wrong(what: str) -> HTTPException:
    """What to say of an archive."""
    return HTTPException(400, f"The archive is refused: {what}. Nothing was kept.")


def too_large(most: int) -> HTTPException:
    """What to say of an archive that explodes."""
    limit = f"{most / 2**20:,.0f} MB"
    return HTTPException(413, f"The archive unpacks to more than {limit}. Nothing was kept.")


def too_many() -> HTTPException:
    """What to say of an archive of very many files."""
    return HTTPException(413, "The archive has too many members. Nothing was kept.")


def shown(name: str) -> str:
    """A name as it can be read, whatever is in it."""
    return ascii(name if len(name) < 120 else f"{name[:100]}...")


def _reason(name: str) -> str:
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "has a name that is no UTF-8"
    parts = name.split("/")
    if name.startswith("/"):
        return "has an absolute path"
    if ".." in parts:
        return "climbs out with .."
    if "\\" in name or ":" in name:
        return "has a backslash or a colon, which lead elsewhere on Windows"
    if re.search(r"[\x00-\x1f\x7f]", name):
        return "has a control character in its name"
    if length > LONGEST or max(len(part.encode()) for part in parts) > PART:
        return f"is longer than {PART} bytes a name, {LONGEST} in all"
    if len(parts) > DEEPEST:
        return f"is deeper than {DEEPEST} folders"
    return ""
