"""Copies of a generated project, of which the tests make a thousand."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

NEVER_EDITED = (f"{os.sep}__pycache__{os.sep}", f"{os.sep}.git{os.sep}objects{os.sep}")


def copy_project(project: Path, folder: Path) -> Path:
    """Copy it, its runs included; half of its files, which nobody edits in place, by a link.

    Python and git replace bytecode and objects by new files: one copy's are never another's.
    """
    return Path(shutil.copytree(project, folder, symlinks=True, copy_function=_copied))


def _copied(source: str, target: str) -> None:
    if any(part in source for part in NEVER_EDITED):
        with suppress(OSError):  # another disk, or a file with links enough
            os.link(source, target)
            return
    shutil.copy2(source, target)
