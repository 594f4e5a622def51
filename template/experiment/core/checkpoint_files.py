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

LAST, PREVIOUS, SCORES = "last.ckpt", "last.previous.ckpt", "best.json"
BEST_PATTERN, START_SUFFIX = "best-*.ckpt", ".start.ckpt"


class Chosen(NamedTuple):
    """The checkpoint to start from, and what a person should know about the choice."""

    path: Path
    remark: str = ""


def is_readable(path: Path) -> bool:
    """Whether a checkpoint is whole: every member's CRC is right (0.05 s for 100 MB).

    ``torch.load`` itself does not see a flipped bit.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError):
        return False


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
    candidates = [path for path in (folder / LAST, folder / PREVIOUS) if path.exists()]
    for path in candidates:
        if is_readable(path):
            damaged = f"{shown(candidates[0])} is damaged" if path != candidates[0] else ""
            return Chosen(path, damaged)
    if candidates:
        names = " and ".join(shown(path) for path in candidates)
        raise UserError(f"{names}: damaged; use 'best', or train anew under another --name")
    return None


def choose_best(folder: Path) -> Chosen:
    """The best checkpoint, for evaluation or for starting from its weights.

    Raises:
        UserError: There is none, or it is damaged.
    """
    found = best_score(folder)
    if found is None:
        raise UserError(f"{shown(folder)} holds no best checkpoint yet; use 'last', or train first")
    path, monitor, value = found
    if not is_readable(path):
        raise UserError(f"{shown(path)}: damaged; use 'last' or the path of another checkpoint")
    return Chosen(path, f"{monitor} {value:.4g}")


def choose_resumable_best(folder: Path) -> Chosen:
    """Where ``--resume best`` starts: the best one, or the clean point before one of mid-epoch.

    Raises:
        UserError: There is none.
    """
    best = choose_best(folder)
    start = best.path.with_name(best.path.name.removesuffix(".ckpt") + START_SUFFIX)
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
    path = Path(wanted)
    if not path.is_file():
        raise UserError(f"{option} {wanted}: no such file; use {choices}")
    if not is_readable(path):
        raise UserError(f"{option} {wanted}: damaged, or not a checkpoint")
    return Chosen(path)
