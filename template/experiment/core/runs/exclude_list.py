"""The list of examples that are left out of the data: its file, and the copy that a run keeps.

Template's file: updates replace it. Free of torch. ``main.py inspect data --exclude FILE`` writes
one; which examples it means is found in data/leaving_out.py.

    # dark (warning): 2 images are dark (train 2)
    3f9a12bc44d0e1f7  train/cats/a picture.png

A line an example: what ``sha256sum FILE`` begins with, and the id, which may have blanks in it: the
path below ``data.root``, or what else the source calls it. ``#`` begins a line that is a comment.
"""

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..config.dump import unescaped
from ..config.run_config import RunConfig
from ..config.yaml_reader import from_file
from ..console import say
from ..errors import UserError
from ..files import project_path, shown, writable, write_text
from .disk_errors import unwritable
from .frozen_job import job_folder
from .layout import EXCLUDED, SWEEP_CONFIG, TRIAL_FILE
from .run import Run

DIGEST_LENGTH = 16  # hexadecimal digits
UNREADABLE = "unreadable"  # in place of a digest
LINE = re.compile(rf"([0-9a-fA-F]{{{DIGEST_LENGTH}}}|{UNREADABLE})\s+(\S.*)")


class Entry(NamedTuple):
    """A line of the list.

    Args:
        line: Its number.
        digest: Of the example's content; empty if there is none.
        id: What the example is called.
    """

    line: int
    digest: str
    id: str


@dataclass(frozen=True)
class ExcludeList:
    """What a file lists.

    Args:
        file: Where it is.
        text: All of it.
        entries: Its lines, each example once.
    """

    file: Path
    text: str
    entries: list[Entry]

    def place(self, entry: Entry) -> str:
        """Where an entry stands: file and line."""
        return f"{shown(self.file)}:{entry.line}"

    def says_the_same(self, other: "ExcludeList") -> bool:
        """Whether it lists the same examples, whatever their order and the comments."""
        return _examples(self) == _examples(other)


def read_list(file: Path) -> ExcludeList:
    """What a file lists.

    Raises:
        UserError: There is no such file, or it is no text.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"data.exclude: there is no file {shown(file)}; "
            f"main.py inspect data --exclude {shown(file)} writes one"
        ) from None
    except OSError as error:
        raise UserError(f"data.exclude: {shown(file)}: {error.strerror}; name a file") from None
    except UnicodeDecodeError:
        raise UserError(
            f"data.exclude: {shown(file)} is no text in UTF-8; save it as one"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found: dict[tuple[str, str], Entry] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if (line := line.strip()) and not line.startswith("#"):
            match = LINE.fullmatch(line)
            digest, name = (match[1].lower(), match[2]) if match else ("", line)
            entry = Entry(number, digest, as_written(name))
            found.setdefault(entry[1:], entry)
    return ExcludeList(file, text, list(found.values()))


def as_written(name: str) -> str:
    """An id as it stands in a list: in one line, of characters that any file takes."""
    one_line = writable(name).replace("\n", "\\n").replace("\r", "\\r")
    return unicodedata.normalize("NFC", one_line).strip()  # as macOS spells accents, and as others


def file_of(setting: str, folder: Path | None) -> Path:
    """The file that ``data.exclude`` means: a run's own copy, where it was started with this one.

    Args:
        setting: Of the configuration.
        folder: The run's; None: there is no run.
    """
    if folder is not None and _keeps(folder, setting, "config.yaml"):
        return folder / EXCLUDED
    return project_path(setting)


def keep_list(run: Run, config: RunConfig) -> None:
    """Copy the list into the run's folder, unless the run was started with it before.

    An edited list changes nothing about a run that goes on: it keeps the copy of its start.

    Raises:
        UserError: There is no such list, or the folder cannot be written.
    """
    setting, copy = setting_of(config), run.folder / EXCLUDED
    if not setting:
        copy.unlink(missing_ok=True)
    elif _keeps(run.folder, setting, run.config_file.name):
        say_if_edited(run.name, setting, copy)
    else:
        _copy(_source(run, setting), copy)


def keep_list_of_sweep(folder: Path, config: RunConfig) -> None:
    """The same for a sweep, whose trials all take its copy."""
    if setting := setting_of(config):
        _copy(_queued(setting) or project_path(setting), folder / EXCLUDED)


def is_same_list(folder: Path, config: RunConfig) -> bool:
    """Whether a run or a sweep was started with a list that said what it says now."""
    setting, copy = setting_of(config), folder / EXCLUDED
    if not setting or not copy.is_file():
        return not setting and not copy.is_file()
    return read_list(copy).says_the_same(read_list(project_path(setting)))


def say_if_edited(name: str, setting: str, copy: Path) -> None:
    """Say that the list says something else by now, and what holds."""
    if not setting or not copy.is_file():
        return
    try:
        if read_list(project_path(setting)).says_the_same(read_list(copy)):
            return
        what = "was edited since"
    except UserError:
        what = "cannot be read any more"
    say(
        f"{name} goes on with its own copy of the list, {shown(copy)}: {setting} {what}; what it "
        "says now is for another --name"
    )


def setting_of(config: Any) -> str:
    """``data.exclude``; empty where the data has no such setting."""
    return getattr(getattr(config, "data", None), "exclude", "") or ""


def _source(run: Run, setting: str) -> Path:
    """The sweep's copy for its trials, unless they try several lists."""
    sweep = run.folder.parent
    if (run.folder / TRIAL_FILE).is_file() and _keeps(sweep, setting, SWEEP_CONFIG):
        return sweep / EXCLUDED
    return _queued(setting) or project_path(setting)


def _queued(setting: str) -> Path | None:
    """The copy that was made when this run was queued."""
    job = job_folder()
    return job / EXCLUDED if job is not None and _keeps(job, setting, SWEEP_CONFIG) else None


def _keeps(folder: Path, setting: str, config: str) -> bool:
    """Whether a folder has a copy of this list, by the configuration that lies there."""
    if not (folder / EXCLUDED).is_file() or not (folder / config).is_file():
        return False
    data = from_file(folder / config).get("data")
    recorded = unescaped(data.plain()) if data is not None else None
    return isinstance(recorded, dict) and recorded.get("exclude") == setting


def _copy(source: Path, copy: Path) -> None:
    found = read_list(source)
    try:
        os.makedirs(copy.parent, exist_ok=True)
        write_text(copy, found.text)
    except OSError as error:
        raise unwritable(copy.parent, error) from None


def _examples(found: ExcludeList) -> set[tuple[str, str]]:
    return {(entry.digest, entry.id) for entry in found.entries}
