"""Which code a run was started with: a fingerprint and a copy of the project's own files.

Template's file: updates replace it.
"""

import hashlib
import os
import shutil
from pathlib import Path

from ..files import PROJECT
from .code_files import code_files


def fingerprint(root: Path) -> str:
    """A hash of the names and contents of all code files: equal if and only if the code is.

    Files of ``configs/`` and ``sweeps/`` are left out: what they set is in the configuration.
    """
    digest = hashlib.sha256()
    for file, content in _contents(root, code_files(root)).items():
        digest.update(f"{file}\0{content}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def snapshot(root: Path, folder: Path) -> None:
    """Copy all code files to ``folder``, which is made anew, or not at all if anything fails."""
    unfinished = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, exist_ok=True)
    made = {Path()}
    for file in code_files(root):
        if file.parent not in made:
            (unfinished / file.parent).mkdir(parents=True, exist_ok=True)
            made.add(file.parent)
        shutil.copy(f"{root}/{file}", f"{unfinished}/{file}")
    unfinished.replace(folder)


def renew_snapshot(root: Path, folder: Path) -> list[str]:
    """Make ``folder/code`` the project's code as it is now; which files are others than before.

    An older copy is kept as ``code-1``, ``code-2``, ...
    """
    copy = folder / "code"
    changed: list[str] = []
    if copy.exists():
        changed = differing(copy, root)
        if not changed:
            return []
        number = 1 + sum(1 for _ in folder.glob("code-*"))
        copy.replace(folder / f"code-{number}")
    snapshot(root, copy)
    return changed


def differing(one: Path, other: Path) -> list[str]:
    """The names of the files that two copies of the code do not have alike."""
    before, now = (_contents(root, code_files(root)) for root in (one, other))
    return [name for name in sorted(before | now) if before.get(name) != now.get(name)]


def environment_of(copy: Path) -> dict[str, str]:
    """What tells a process that it runs a copy of the code, and where the project is."""
    # What the copy lacks, such as modules that git ignores, is found in the project itself.
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "EXPERIMENT_PROJECT": str(PROJECT),
        "EXPERIMENT_CODE": str(copy.resolve()),
        "PYTHONPATH": os.pathsep.join(paths),
    }


def _contents(root: Path, files: list[Path]) -> dict[str, str]:
    """A hash of each file by its name; what sets and what tests is not what runs."""
    running = [file for file in files if file.parts[0] not in {"configs", "sweeps", "tests"}]
    return {file.as_posix(): _hash(f"{root}/{file}") for file in running}


def _hash(file: str) -> str:
    with open(file, "rb") as opened:
        return hashlib.sha256(opened.read()).hexdigest()
