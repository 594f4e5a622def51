"""Which folder a sweep works in: a new one, or one to go on with or to join.

Template's file: updates replace it.

===================  =========================================================================
``--name lr``        ``runs/lr``: new, gone on with, or joined; with another file it is refused
no name              the newest unfinished sweep with the same file, configuration and code,
                     else a new numbered one: ``sweep-001``, after the file's name
===================  =========================================================================
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from ..config.diff import FREE, Change, recorded_changes
from ..config.dump import dump_config
from ..config.run_config import RunConfig
from ..console import say
from ..errors import UserError
from ..files import CODE, shown
from ..runs import code_snapshot
from ..runs.disk_errors import unwritable
from ..runs.exclude_list import (
    is_same_list,
    keep_list_of_sweep,
    say_if_edited,
    setting_of,
)
from ..runs.layout import EXCLUDED
from ..runs.run_folders import named_folder
from .sweep_file import Sweep, read_sweep
from .trials import SweepFolder


def open_folder(
    name: str | None,
    output: Path,
    sweep: Sweep,
    config: RunConfig,
    is_finished: Callable[[SweepFolder], bool],
) -> SweepFolder:
    """Find or make the sweep's folder.

    Raises:
        UserError: The name is taken by something else.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with FileLock(output / ".sweeps.lock"):
            if name is not None:
                folder = SweepFolder(named_folder(name, output, of_sweep=True))
                _check_same(folder, sweep, config)
            else:
                folder = _newest(output, sweep, config, is_finished)
            if not folder.file.exists():
                _fill(folder, sweep, config)
            elif sweep.content != read_sweep(folder.file).content:  # such as another run_cap
                shutil.copyfile(sweep.path, folder.file)
    except OSError as error:
        raise unwritable(output, error) from None
    say_if_edited(folder.name, setting_of(config), folder.path / EXCLUDED)
    if changed := code_snapshot.differing(folder.code, CODE):
        say(
            f"{folder.name}: its trials run the code of its start; changed since then, and of no "
            f"effect: {', '.join(changed)}"
        )
    return folder


def _fill(folder: SweepFolder, sweep: Sweep, config: RunConfig) -> None:
    """Keep what every trial starts from; the file comes last, and makes it a sweep's folder."""
    folder.path.mkdir(parents=True, exist_ok=True)
    if not folder.code.exists():
        code_snapshot.snapshot(CODE, folder.code)
    keep_list_of_sweep(folder.path, config)
    folder.base.write_text(dump_config(config), encoding="utf-8")
    unfinished = folder.path / f".{folder.file.name}.tmp"
    shutil.copyfile(sweep.path, unfinished)
    unfinished.replace(folder.file)


def _check_same(folder: SweepFolder, sweep: Sweep, config: RunConfig) -> None:
    if (folder.path / "config.yaml").exists():
        raise UserError(f"{shown(folder.path)} is a run; give the sweep another --name")
    if not folder.file.exists():
        return
    before = read_sweep(folder.file).definition
    differing = [
        key
        for key in sorted({*before, *sweep.definition})
        if before.get(key) != sweep.definition.get(key)
    ]
    if differing:
        raise UserError(
            f"{shown(folder.path)} was started with another {differing[0]}; go on with its own "
            f"file, {shown(folder.file)}, or give the new sweep another --name"
        )
    if changed := _changes(folder, config):
        change = changed[0]
        raise UserError(
            f"sweep {folder.name} was started with {change.key}={change.before}, now it is "
            f"{change.now}; go on with the old value, or give the new sweep another --name"
        )


def _changes(folder: SweepFolder, config: RunConfig) -> list[Change]:
    changes = recorded_changes(folder.base, config)
    return [change for change in changes if not change.is_of(FREE)]


def stem_of(file: Path) -> str:
    """What the numbered folders of a sweep file are called."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", file.stem).strip("-.") or "sweep"


def _newest(
    output: Path, sweep: Sweep, config: RunConfig, is_finished: Callable[[SweepFolder], bool]
) -> SweepFolder:
    stem = stem_of(sweep.path)
    numbered = re.compile(rf"{re.escape(stem)}-(\d+)")
    taken = [int(m[1]) for path in output.iterdir() if (m := numbered.fullmatch(path.name))]
    for number in sorted(taken, reverse=True):
        folder = SweepFolder(output / f"{stem}-{number:03d}")
        if folder.file.exists() and _is_the_same(folder, sweep, config):
            if not is_finished(folder):
                return folder
            break
    return SweepFolder(output / f"{stem}-{max(taken, default=0) + 1:03d}")


def _is_the_same(folder: SweepFolder, sweep: Sweep, config: RunConfig) -> bool:
    same_file = read_sweep(folder.file).definition == sweep.definition
    return (
        same_file
        and not _changes(folder, config)
        and is_same_list(folder.path, config)
        and not code_snapshot.differing(folder.code, CODE)
    )
