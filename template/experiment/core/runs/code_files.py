"""Which files are the project's own code: not its data, nor an environment, nor what runs wrote.

Template's file: updates replace it.

Of git it is what git tracks or does not ignore, without git all that is there; in both cases with
what lies in submodules, in other repositories and behind links to folders, since it is run as well.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ..console import say
from .git import GitError, listed_files

SUFFIXES = (".py", ".yaml", ".yml")
# Never the project's own code, also where git is not there to say so.
SKIPPED_AT_THE_TOP = {"runs", "data", "wandb", "build", "dist"}
SKIPPED_ANYWHERE = {
    "site-packages",
    "dist-packages",
    "node_modules",
    "__pycache__",
    "__pypackages__",
    "lightning_logs",
    "mlruns",
}
# Who has one of these is made, not written: an environment of venv or conda, a run, a sweep.
MADE = (
    ("pyvenv.cfg",),
    ("conda-meta",),
    ("config.yaml", "summary.json"),
    ("config.yaml", ".lock"),
    ("sweep.yaml", "code"),
)
# What an environment puts into its folder, which may be the project's.
OF_AN_ENVIRONMENT = {"bin", "lib", "lib64", "include", "share", "Lib", "Scripts", "Include"}
WANDB_RUN = re.compile(r"(offline-)?run-\d{8}_\d{6}-.*")
LARGEST = 50_000_000  # bytes of a folder at the top; beyond that, it is data: a YAML file an image


def code_files(root: Path) -> list[Path]:
    """The project's own Python and YAML files, relative to it."""
    files: dict[str, list[Path]] = {}
    for name in _names(_Skipped(root), frozenset({root.resolve()})):
        if name.endswith(SUFFIXES) and os.path.isfile(f"{root}/{name}"):
            top, is_inside, _ = name.partition("/")
            files.setdefault(top if is_inside else "", []).append(Path(name))
    own = [inside for top, inside in files.items() if not top or not _is_data(root, top, inside)]
    return sorted(file for inside in own for file in inside)


class _Skipped:
    """Knows what is nobody's code, by its name or by what lies in its folders.

    A project has a thousand files, and each start asks: of names, as text, and of a folder once.

    Args:
        root: The project.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders = {"": False}

    def folder(self, name: str) -> bool:
        """Whether a folder is, or one around it."""
        if name not in self._folders:
            self._folders[name] = self.file(name) or _is_made(self.root / name)
        return self._folders[name]

    def file(self, name: str) -> bool:
        """Whether a file is, or a folder around it."""
        above, is_inside, last = name.rpartition("/")
        if last.startswith(".") or last in SKIPPED_ANYWHERE or WANDB_RUN.fullmatch(last):
            return True
        if is_inside:
            return self.folder(above)
        of_environment = last in OF_AN_ENVIRONMENT and _is_environment(self.root)
        return last in SKIPPED_AT_THE_TOP or of_environment


def _names(
    skipped: _Skipped, above: frozenset[Path], inside: str = "", ask_git: bool = True
) -> Iterator[str]:
    """The files of a folder, and of those in it which are another repository's, or links.

    Args:
        skipped: Of the project.
        above: The folders that lead here: a link back to one of them ends there.
        inside: The folder, relative to the project, with a slash behind it.
        ask_git: Whether it may be a repository's; it is not if the folder around it is not.
    """
    folder = skipped.root / inside
    names = _listed(folder) if ask_git else []
    by_git = bool(names)  # it lists nothing of a copy in a folder that it ignores
    for name in names or _present(folder):
        file = inside + name
        if not os.path.isdir(f"{skipped.root}/{file}"):
            if not skipped.file(file):
                yield file
            continue
        place = skipped.root / file
        if skipped.folder(file) or place.resolve() in above:
            continue
        if not place.is_symlink() or _has_code(place):
            another = by_git or place.is_symlink() or (place / ".git").exists()
            yield from _names(skipped, above | {place.resolve()}, f"{file}/", another)


def _listed(folder: Path) -> list[str]:
    try:
        return listed_files(folder)
    except GitError:
        return []


def _present(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:  # a folder that may not be read
        return []


def _has_code(folder: Path) -> bool:
    """Whether a folder elsewhere is worth a walk: it may be a data set of a million files."""
    places = (folder, *_folders(folder))
    return any(Path(name).suffix in SUFFIXES for place in places for name in _present(place))


def _folders(folder: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from (Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))


def _is_made(folder: Path) -> bool:
    return any(all((folder / name).exists() for name in names) for names in MADE)


def _is_environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").exists() or (folder / "conda-meta").exists()


def _is_data(root: Path, top: str, files: list[Path]) -> bool:
    size = sum((root / file).stat().st_size for file in files)
    if size > LARGEST:
        _say_data(root / top, size)
    return size > LARGEST


@lru_cache
def _say_data(folder: Path, size: int) -> None:
    """Once for each process that asks."""
    files = f"{size / 1e6:,.0f} MB of {' and '.join(SUFFIXES)}"
    say(f"{folder.name}/ holds {files}: data, and not copied with a run's code")
