"""Where the project is, how a path is shown, and files that are written whole or not at all.

Template's file: updates replace it. Free of torch.
"""

import json
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from .errors import UserError

# The project that is worked on: the folder of main.py, also when a copy of the code is what runs.
PROJECT = Path(os.environ.get("EXPERIMENT_PROJECT") or Path(__file__).absolute().parents[2])
# Whose code runs: the project's own or, of a sweep's trial, the sweep's copy of it.
CODE = Path(os.environ.get("EXPERIMENT_CODE") or PROJECT)


def typed_path(text: str) -> Path:
    """A path as a person wrote it: ``~`` is your home, ``~ada`` Ada's.

    Raises:
        UserError: There is no such home.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UserError(f"{text}: there is no home {Path(text).parts[0]}; give a path") from None


def project_path(text: str) -> Path:
    """A path of the configuration, which starts at the project where it is relative."""
    return PROJECT / typed_path(text)


def shown(path: str | Path) -> str:
    """A path as a person would type it from where they are; links in it keep their names."""
    absolute = os.path.abspath(path)
    for here in _here(os.getcwd(), os.environ.get("PWD", "")):
        if absolute.startswith(here):
            return writable(absolute[len(here) :])
    return writable(str(path))


def writable(text: str) -> str:
    """A text that any file and terminal takes.

    The bytes of a file's name that are no UTF-8 are written as ``\\xe9``; what else UTF-8 has no
    bytes for as ``\\ud800``.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        pass
    else:
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()


@cache  # asked for every file of a data set
def _here(folder: str, by_link: str) -> list[str]:
    """The working folder, by its own name and by that of the link that a person came through."""
    is_here = os.path.isdir(by_link) and os.path.samefile(by_link, folder)
    return [os.path.join(name, "") for name in ((folder, by_link) if is_here else (folder,))]


def writable_names(names: list[str]) -> list[str]:
    """The same of many names: as they are, in one step, where all are UTF-8."""
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        return [writable(name) for name in names]
    return names


def write_text(path: Path, text: str, *, flush: bool = False) -> None:
    """Write a whole file or, if anything fails, none.

    Args:
        path: The file.
        text: All of it.
        flush: Have it on the disk before this returns, so that it outlives a power cut.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(unfinished, "w", encoding="utf-8") as file:
            file.write(text)
            if flush:
                file.flush()
                os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Any, *, flush: bool = False) -> None:
    """The same of a value, as JSON."""
    write_text(path, json.dumps(content, indent=2) + "\n", flush=flush)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name atomically; a copy where the file system has no hard links."""
    if target.exists() and target.samefile(source):
        return  # renaming one name of a file over another does nothing, and leaves both
    unfinished = target.with_name(f".{target.name}.tmp")
    unfinished.unlink(missing_ok=True)
    try:
        os.link(source, unfinished)
    except OSError:
        shutil.copyfile(source, unfinished)
    os.replace(unfinished, target)
