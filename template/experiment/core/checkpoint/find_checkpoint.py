"""The files of a run's ``checkpoints/`` folder: which there are, which can be read, which to take.

Template's file: updates replace it. Free of torch, so that a missing checkpoint is told at once.

=========================  ==================================================================
``last.ckpt``              the newest clean point: a run goes on from it exactly
``last.previous.ckpt``     the one before, taken when ``last.ckpt`` is damaged
``best-*.ckpt``            the top k by the monitored metric: exactly the weights that were scored
``best-*.start.ckpt``      for a best one scored in mid-epoch: the clean point before it
``best.json``              the scores of the best ones
=========================  ==================================================================
"""

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import NamedTuple

from .errors import UserError, shown
from .statement import read_statement

LAST, PREVIOUS, SCORES = "last.ckpt", "last.previous.ckpt", "best.json"
START_SUFFIX = ".start.ckpt"


class Chosen(NamedTuple):
    """The checkpoint to start from, and what a person should know about the choice."""

    path: Path
    remark: str = ""


def what_is_wrong(path: Path, *, weights_suffice: bool = False) -> str:
    """Why a checkpoint cannot be started from; empty if it can, as far as is seen without torch.

    Every member's CRC is looked at (0.05 s for 100 MB), since ``torch.load`` itself does not see a
    flipped bit, and, unless its weights suffice, that it states where training stands.
    """
    if path.is_dir():
        return "a folder"
    try:
        if (start := _first_bytes(path)) != b"PK":
            return "no checkpoint" if start else "empty"
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                return "damaged"
        if not weights_suffice:
            read_statement(path)
    except UserError:
        return "no checkpoint of a training"
    except OSError as error:
        return f"not readable ({(error.strerror or str(error)).lower()})"
    except Exception:  # a flipped bit makes zipfile raise almost anything
        return "damaged"
    return ""


def _first_bytes(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(2)


def is_readable(path: Path) -> bool:
    """Whether a checkpoint is whole, and one."""
    return not what_is_wrong(path)


def set_aside(path: Path) -> None:
    """Give what cannot be started from a name that nothing looks for: it may be dear to somebody.

    ``last.ckpt`` becomes ``last.set-aside-1.ckpt``, or 2, or 3.
    """
    if path.exists():
        number = 1 + sum(1 for _ in path.parent.glob(f"{path.stem}.set-aside-*"))
        path.rename(path.with_name(f"{path.stem}.set-aside-{number}{path.suffix}"))


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


def start_of(best: Path) -> Path:
    """The clean point before a best one that was scored in mid-epoch."""
    return best.with_name(best.name.removesuffix(".ckpt") + START_SUFFIX)


def write_scores(folder: Path, monitor: str, mode: str, scores: dict[str, float]) -> None:
    """Record the score of each best checkpoint by file name."""
    unfinished = folder / f".{SCORES}.tmp"
    content = {"monitor": monitor, "mode": mode, "scores": scores}
    unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(unfinished, folder / SCORES)


def best_score(folder: Path) -> tuple[Path, str, float] | None:
    """The best checkpoint that exists, the metric's name and its value."""
    try:
        record = json.loads((folder / SCORES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    scores = {name: v for name, v in record["scores"].items() if (folder / name).is_file()}
    if not scores:
        return None
    name = (min if record["mode"] == "min" else max)(scores, key=scores.__getitem__)
    return folder / name, record["monitor"], scores[name]


def choose_last(folder: Path) -> Chosen | None:
    """The newest clean checkpoint that can be read; None if there is none at all.

    Raises:
        UserError: There are checkpoints, but each is damaged.
    """
    found: dict[Path, str] = {}
    for path in (folder / LAST, folder / PREVIOUS):
        if path.exists():
            found[path] = what_is_wrong(path)
            if not found[path]:
                return Chosen(path, _says(found))
    if not found:
        return None
    best = best_score(folder)
    use_best = "use 'best', or " if best and is_readable(best[0]) else ""
    raise UserError(f"{_says(found)}; {use_best}train anew under another --name")


def _says(found: dict[Path, str]) -> str:
    return " and ".join(f"{shown(path)} is {wrong}" for path, wrong in found.items() if wrong)


def choose_best(folder: Path) -> Chosen:
    """The best checkpoint, for evaluation or for starting from its weights.

    Raises:
        UserError: There is none, or it is damaged.
    """
    found = best_score(folder)
    if found is None:
        raise UserError(f"{shown(folder)} holds no best checkpoint yet; use 'last', or train first")
    path, monitor, value = found
    if wrong := what_is_wrong(path):
        raise UserError(f"{shown(path)} is {wrong}; use 'last' or the path of another checkpoint")
    return Chosen(path, f"{monitor} {value:.4g}")


def choose_resumable_best(folder: Path) -> Chosen:
    """Where ``--resume best`` starts: the best one, or the clean point before one of mid-epoch.

    Raises:
        UserError: There is none.
    """
    best = choose_best(folder)
    start = start_of(best.path)
    if start.exists():
        remark = f"{best.path.name} was scored in mid-epoch: from the clean point before it"
        return Chosen(start, remark)
    return best


def choose(folder: Path, wanted: str) -> Chosen:
    """The checkpoint to evaluate: ``best``, ``last`` or a path.

    Raises:
        UserError: There is none, or it is damaged.
    """
    if wanted == "best":
        return choose_best(folder)
    if wanted == "last":
        chosen = choose_last(folder)
        if chosen is None:
            raise UserError(f"{shown(folder)} holds no last.ckpt; train first")
        return chosen
    return choose_path(wanted, "--checkpoint", "best, last or a path")


def choose_path(wanted: str, option: str, choices: str, *, weights_suffice: bool = False) -> Chosen:
    """A checkpoint by its path; where its weights suffice, any file of torch's.

    Raises:
        UserError: There is no such file, or it cannot be read; ``option`` also takes ``choices``.
    """
    path = Path(wanted)
    if not path.is_file():
        raise UserError(f"{option} {wanted}: no such file; use {choices}")
    if wrong := what_is_wrong(path, weights_suffice=weights_suffice):
        raise UserError(f"{option} {wanted} is {wrong}; use {choices}")
    return Chosen(path)
