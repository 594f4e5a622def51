"""A file as each side has it: a commit of the person's, the template, what is on the disk."""

import hashlib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path

from repository import git_bytes, paths

MARKER = re.compile(rb"^(<{7} before updating|>{7} after updating)\r?$", re.MULTILINE)
FENCE = b"An update changes what is above these three lines"
LINK, EXECUTABLE, PLAIN = "link", "executable", "plain"


@dataclass(frozen=True)
class File:
    """What stands at a path.

    Args:
        kind: ``link``, ``executable`` or ``plain``.
        data: The bytes, or where the link leads.
    """

    kind: str
    data: bytes

    @property
    def lines(self) -> list[bytes]:
        """Lines without their ends, which git may convert."""
        return [line.removesuffix(b"\r") for line in self.data.removesuffix(b"\n").split(b"\n")]

    @property
    def is_text(self) -> bool:
        """Text is what git merges line by line."""
        return self.kind != LINK and b"\0" not in self.data

    @property
    def markers(self) -> int:
        """Count what Copier puts around lines that both sides changed."""
        return len(MARKER.findall(self.data))

    @property
    def is_shared(self) -> bool:
        """A shared file has a fence in it."""
        return FENCE in self.data


def read(path: Path) -> File | None:
    """Read what is on the disk; a folder is no file."""
    if path.is_symlink():
        return File(LINK, os.fsencode(os.readlink(path)))
    if not path.is_file():
        return None
    return File(EXECUTABLE if os.access(path, os.X_OK) else PLAIN, path.read_bytes())


def tree(project: Path, commit: str = "HEAD") -> dict[str, tuple[str, str]]:
    """List the files of a commit, each with its mode and git's name for what is in it."""
    listed = (entry.partition("\t") for entry in paths(project, "ls-tree", "-r", "-z", commit))
    facts = {path: words.split() for words, _, path in listed}
    return {path: (mode, name) for path, (mode, kind, name) in facts.items() if kind == "blob"}


def kind_of(mode: str) -> str:
    """Translate git's mode."""
    return {"120000": LINK, "100755": EXECUTABLE}.get(mode, PLAIN)


def committed(project: Path, files: dict[str, tuple[str, str]]) -> dict[str, File]:
    """Read files of a commit, all at once."""
    asked = "".join(f"{name}\n" for _, name in files.values()).encode()
    answer = io.BytesIO(git_bytes(project, "cat-file", "--batch", given=asked).stdout)
    found = {}
    for path, (mode, _) in files.items():
        size = int(answer.readline().split()[2])
        found[path] = File(kind_of(mode), answer.read(size))
        answer.read(1)  # a line's end after each
    return found


def is_same(file: File | None, entry: tuple[str, str]) -> bool:
    """Say whether a commit has a file as it is here, mode and all, without reading the commit."""
    if file is None:
        return False
    mode, name = entry
    make = hashlib.sha1 if len(name) == 40 else hashlib.sha256
    blob = make(b"blob %d\0" % len(file.data) + file.data).hexdigest()
    return (kind_of(mode), name) == (file.kind, blob)


def changed(project: Path, *commits: str) -> list[str]:
    """List what differs from a commit, here or in another commit."""
    words = ("--name-only", "--relative", "--no-renames", "--no-ext-diff", "--ignore-submodules")
    return paths(project, "diff", *words, "-z", *(commits or ("HEAD",)), "--", ".")
