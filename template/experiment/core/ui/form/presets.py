"""The files of ``configs/`` that a form may start from, and the command that does what it says.

Template's file: updates replace it.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path

from ...errors import UserError
from ...files import PROJECT
from ...runs.run_folders import check_name
from ...spelling import did_you_mean, nearest

FOLDER, SUFFIX, DEFAULT = "configs", ".yaml", "experiment"
START = ("uv", "run", "python", "main.py")


def presets(project: Path = PROJECT) -> list[str]:
    """Their names without the suffix; the one that holds where none is named comes first."""
    files = (project / FOLDER).glob(f"[!.]*{SUFFIX}")
    names = sorted(file.name.removesuffix(SUFFIX) for file in files if file.is_file())
    return sorted(names, key=lambda name: name != DEFAULT)


def preset_file(name: str, project: Path = PROJECT) -> Path:
    """The file of a preset.

    Raises:
        UserError: There is none of that name.
    """
    known = presets(project)
    if name not in known:
        raise UserError(f"configs/ has no {name}{SUFFIX}{did_you_mean(nearest(name, known))}")
    return project / FOLDER / f"{name}{SUFFIX}"


def command_words(
    preset: str, words: Sequence[str], name: str | None = None, command: str = "fit"
) -> list[str]:
    """What stands behind ``main.py``.

    Args:
        preset: Its name.
        words: ``key=value`` each.
        name: Of the run.
        command: What to do.

    Raises:
        UserError: No run can have that name.
    """
    file = [] if preset == DEFAULT else ["--config", f"{FOLDER}/{preset}{SUFFIX}"]
    named = [f"--name={check_name(name)}"] if name else []
    return [command, *file, *named, *words]


def pasted(words: Sequence[str]) -> str:
    """What stands behind ``main.py`` as it is pasted into a shell, in the project's folder."""
    return shlex.join([*START, *words])
