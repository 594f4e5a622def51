"""Takes a run, or a sweep with all its trials, away.

Template's file: updates replace it. Free of torch.
"""

import shutil
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import UserError
from ..files import shown
from .disk_errors import unwritable
from .layout import LOCK
from .run_folders import all_runs
from .selection import find_row
from .status import is_locked

SWEEP_FILE = "sweep.yaml"


def removable(name: str, output: Path) -> Path:
    """The folder of a run or a sweep, in which nobody works.

    Raises:
        UserError: There is none of that name, or it is at work.
    """
    folder = output / name
    is_sweep = (folder / SWEEP_FILE).is_file() and output.resolve() in folder.resolve().parents
    if not is_sweep:
        folder = find_row(name, output).folder
    for run in all_runs(folder) or [folder]:
        if is_locked(run) is not False:
            raise UserError(f"{shown(run)} is at work: stop it first; nothing was deleted")
    return folder


def remove(folder: Path) -> None:
    """Delete it: first its name, at once, then its files, so that a kill leaves no half a run.

    Raises:
        UserError: It was started meanwhile, or cannot be deleted.
    """
    doomed = folder.with_name(f".{folder.name}.removed")
    try:
        with FileLock(folder / LOCK).acquire(timeout=0):
            shutil.rmtree(doomed, ignore_errors=True)  # what a kill left
            folder.rename(doomed)
        shutil.rmtree(doomed)
    except Timeout:
        raise UserError(f"{shown(folder)} is at work: stop it first") from None
    except OSError as error:
        raise unwritable(folder, error) from None
