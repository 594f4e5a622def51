"""Files of a secret: only their owner reads them, and git never sees them.

Template's file: updates replace it.
"""

import os
import secrets
import stat
from pathlib import Path

from ...errors import UserError
from ...files import shown
from ...runs.git import GitError, run_git

LARGEST = 4096  # bytes


def check_ignored(path: Path) -> None:
    """Refuse a place that git takes into a commit.

    Raises:
        UserError: It says what to write into .gitignore.
    """
    if not _is_safe_from_git(path):
        raise UserError(
            f"{shown(path)} would be committed with your code; "
            "write the line /.ui-* into .gitignore, and let git forget it if it tracks it already"
        )


def write_private(path: Path, text: str) -> None:
    """Write it whole or not at all, with mode 0600 from its first byte on."""
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(unfinished, path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def read_private(path: Path) -> str | None:
    """What it holds; None without one.

    Raises:
        UserError: Others may read or replace it, or it is no such file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{shown(path)}: {error.strerror}; it has to be a file of yours") from None
    try:
        _check_owner(path, os.fstat(descriptor))
    except UserError:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UserError(f"{shown(path)} is larger than {LARGEST} bytes, and none of this program's")
    return content.decode("utf-8", "replace")


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{shown(path)} is no plain file")
    if os.name == "nt":  # modes say nothing there; the folder's rights do
        return
    if status.st_uid != os.geteuid():
        raise UserError(f"{shown(path)} belongs to another user; remove it, and set it anew")
    if mode := stat.S_IMODE(status.st_mode) & 0o077:
        raise UserError(
            f"{shown(path)} is open to others (mode {stat.S_IMODE(status.st_mode):o}, "
            f"{mode:o} too much): chmod 600 {shown(path)}"
        )


def _is_safe_from_git(path: Path) -> bool:
    """Whether there is no repository, or git ignores the file and does not track it."""
    try:
        run_git(path.parent, "rev-parse", "--is-inside-work-tree")
    except GitError:
        return True
    try:
        run_git(path.parent, "check-ignore", "--quiet", path.name)
    except GitError:
        return False
    return True
