"""The runs of a project: their names, and which of them is meant.

Template's file: updates replace it. Free of torch.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import shown, typed_path
from .disk_errors import unwritable
from .layout import LAST, TRIAL_FILE
from .status import is_locked
from .summary import read_summary

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
LONGEST = 200  # letters; of a folder's name most file systems take 255, and some are made of it
CONFIG, SWEEP = "config.yaml", "sweep.yaml"


def is_name(name: str) -> bool:
    """Whether a run can have the name."""
    return len(name) <= LONGEST and NAME.fullmatch(name) is not None


def check_name(name: str) -> str:
    """Refuse a name that cannot be a folder's.

    Raises:
        UserError: It cannot.
    """
    if len(name) > LONGEST:
        raise UserError(f"--name {name[:20]}...: it has {len(name)} letters, at most {LONGEST} may")
    if not is_name(name):
        raise UserError(f"--name {name}: use letters, digits and . _ - (and / for a group of runs)")
    return name


def named_folder(name: str, output: Path, *, of_sweep: bool = False) -> Path:
    """Where the run of a name lies or will lie: not within another run, which nobody would list.

    Raises:
        UserError: No run can have the name, or it would hide others or be hidden.
    """
    folder = output / check_name(name)
    for above in folder.relative_to(output).parents:
        if above.name and (output / above / CONFIG).is_file():
            raise UserError(
                f"--name {name}: {above.as_posix()} is a run, and one inside of it would not be "
                "found; take another name"
            )
    if of_sweep or (folder / CONFIG).is_file():
        return folder
    if (folder / SWEEP).is_file():
        raise UserError(f"--name {name}: that is a sweep; take another name")
    if inside := [run for run in all_runs(folder) if run.relative_to(folder).parts[0] != "code"]:
        first = inside[0].relative_to(output).as_posix()
        raise UserError(f"--name {name}: that is a group of runs, such as {first}; add a /NAME")
    return folder


def find_run(name: str, output: Path) -> Path:
    """The folder that a person means by a run's name or path, or by nothing: the newest.

    Raises:
        UserError: There is none.
    """
    if not name:
        folders = sorted(all_runs(output), key=_age)
        if not folders:
            raise UserError(f"{shown(output)} holds no run yet; train one first, or name a --name")
        trained = [folder for folder in folders if (folder / "checkpoints" / LAST).exists()]
        return (trained or folders)[-1]
    for folder in (output / name, typed_path(name)):
        if (folder / "config.yaml").is_file():
            return folder
    raise UserError(f"there is no run {name} in {shown(output)}{_present(output)}")


def all_runs(output: Path) -> list[Path]:
    """All runs in a folder, those of groups (``sweep/trial``) included."""
    runs: list[Path] = []
    for folder, inner, files in os.walk(output):
        inner[:] = [name for name in inner if not name.startswith(".")]  # such as the queue's
        if CONFIG in files:
            runs.append(Path(folder))
            inner.clear()  # what lies in a run is its own
        elif SWEEP in files and "code" in inner:
            inner.remove("code")  # a sweep's copy of the code, with a configuration in it
        inner[:] = [name for name in inner if not name.startswith(".")]
    return runs


def newest_unfinished(output: Path, same: Any) -> Path | None:
    """The newest run that stopped before its end and is free, for which ``same(folder)`` holds."""
    for folder in sorted(all_runs(output), key=_age, reverse=True):
        if (folder / TRIAL_FILE).exists():
            continue  # its sweep goes on with it
        status = read_summary(folder).get("status")
        unfinished = status in {"running", "failed", "stopped"}
        if unfinished and is_locked(folder) is False and same(folder):
            return folder
    return None


def new_folder(output: Path, stem: str = "run") -> Path:
    """Make the next numbered folder: ``run-001``, ``run-002``, ..."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(output, error) from None
    numbered = re.compile(rf"{re.escape(stem)}-(\d+)")
    taken = [int(found[1]) for p in output.iterdir() if (found := numbered.fullmatch(p.name))]
    number = max(taken, default=0)
    while True:  # another process may take the number between the look and the making
        number += 1
        folder = output / f"{stem}-{number:03d}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise unwritable(folder, error) from None


def make_newest(folder: Path, output: Path) -> None:
    """Let a run that just started be the newest, also where the clock was set back meanwhile."""
    newest = max((_age(other) for other in all_runs(output) if other != folder), default=0)
    if _age(folder) <= newest:
        with suppress(OSError):
            os.utime(folder / "config.yaml", ns=(newest + 1, newest + 1))


def _age(folder: Path) -> int:
    return (folder / "config.yaml").stat().st_mtime_ns


def _present(output: Path) -> str:
    runs = sorted(all_runs(output), key=_age)
    names = [folder.relative_to(output).as_posix() for folder in runs[-5:]]
    there_are = "there are" if len(names) == len(runs) else "the newest are"
    return f"; {there_are} {', '.join(names)}" if names else ""
