"""Which checkpoint is taken: the last, the best, or one by its path.

Template's file: updates replace it. Free of torch, so that a missing one is told at once.
"""

from pathlib import Path
from typing import NamedTuple

from ..errors import UserError
from ..files import shown, typed_path
from ..runs.layout import LAST, PREVIOUS
from .files import best_score, start_of
from .verify import is_readable, what_is_wrong
from .weights_file import form_of


class Chosen(NamedTuple):
    """The checkpoint to start from, and what a person should know about the choice."""

    path: Path
    remark: str = ""


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


def choose_path(wanted: str, option: str, choices: str) -> Chosen:
    """A checkpoint by its path.

    Raises:
        UserError: There is no such file, or it cannot be read; ``option`` also takes ``choices``.
    """
    path = typed_path(wanted)
    if not path.is_file():
        raise UserError(f"{option} {wanted}: no such file; use {choices}")
    if wrong := what_is_wrong(path):
        raise UserError(f"{option} {wanted} is {wrong}; use {choices}{_for_its_weights(path)}")
    return Chosen(path)


def _for_its_weights(path: Path) -> str:
    """What to type where a file that is no checkpoint of a training may hold weights."""
    try:
        form_of(path)
    except (UserError, OSError):
        return ""
    return ". Weights alone are what --weights-from takes, to train from"
