"""Going back after training diverged: to which checkpoint, and what is another from then on.

Template's file: updates replace it. Free of torch. Set it with ``restart.on_nan``.

Training is a pure function of position: from the same checkpoint it would meet the same NaN. So
each rollback changes one thing, and ``rollbacks.json`` in the run's folder says which:

=======  =========================================================================================
first    the examples of the offending batch are left out for good (``sampling.without``)
second   the learning rate is halved, all of the schedule (``apply_rollback.AfterRollback``)
=======  =========================================================================================

A kill at any moment loses nothing. The record is written first, as one file, with ``done: false``;
then the checkpoints are put back, which may be done twice; then it says ``done: true``. Whoever
starts the run next finishes what is not done, before looking for a checkpoint. What changed is
applied by every process of the training that reads the record, and a checkpoint says how many
rollbacks it knows of, so that nothing is applied twice.
"""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..checkpoint.files import set_aside
from ..checkpoint.find_checkpoint import choose_last, choose_resumable_best
from ..checkpoint.verify import is_readable
from ..errors import UserError
from ..files import link_or_copy, shown
from ..runs.layout import LAST, NAN, PREVIOUS, ROLLBACKS
from ..runs.rollback_record import Rollback, read_rollbacks, write_rollbacks

AT_MOST = 2
HALF = 0.5


def record_rollback(folder: Path) -> Rollback | None:
    """Decide and write down how to go back, after ``nan.json``; None when that was tried enough."""
    earlier = read_rollbacks(folder)
    if len(earlier) >= AT_MOST:
        return None
    seen = _what_was_seen(folder)
    examples = {} if earlier else _to_leave_out(seen)
    point = point_to_return_to(folder / "checkpoints")
    rollback = Rollback(
        reason=str(seen.get("reason", "the loss or a weight is NaN or infinite")),
        place={name: seen.get(name) for name in ("epoch", "batch", "step")},
        checkpoint=point.name if point else None,
        left_out=examples,
        learning_rate_factor=1.0 if examples else HALF,
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    write_rollbacks(folder, [*earlier, rollback])
    return rollback


def finish_rollbacks(folder: Path) -> None:
    """Put the checkpoints back for each rollback of which that is not done yet.

    Raises:
        UserError: The checkpoint to go back to is gone.
    """
    rollbacks = read_rollbacks(folder)
    for number, rollback in enumerate(rollbacks):
        if not rollback.done:
            go_back(folder / "checkpoints", rollback.checkpoint)
            rollbacks[number] = replace(rollback, done=True)
            write_rollbacks(folder, rollbacks)


def point_to_return_to(checkpoints: Path) -> Path | None:
    """The best checkpoint that resumes exactly, else the newest one; None: there is neither."""
    with suppress(UserError):
        best = choose_resumable_best(checkpoints).path
        if is_readable(best):
            return best
    with suppress(UserError):
        newest = choose_last(checkpoints)
        return newest.path if newest else None
    return None


def go_back(checkpoints: Path, name: str | None) -> None:
    """Make a checkpoint the one that every later start goes on from, and keep none after it.

    Safe to be killed in, and to be called again. Best ones that are newer are removed when training
    starts: the checkpoint does not know them.

    Raises:
        UserError: There is no such checkpoint.
    """
    last, previous = checkpoints / LAST, checkpoints / PREVIOUS
    if name is None:  # there may be some that cannot be read
        set_aside(last)
        set_aside(previous)
    elif not (checkpoints / name).exists():
        raise UserError(
            f"{shown(checkpoints / name)} is gone, to which {ROLLBACKS} says to go back"
        )
    elif name != LAST:
        link_or_copy(checkpoints / name, last)
    if name not in {None, LAST, PREVIOUS}:  # of LAST it is the past; of PREVIOUS another name
        previous.unlink(missing_ok=True)


def _what_was_seen(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / NAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _to_leave_out(seen: dict[str, Any]) -> dict[str, list[int]]:
    """By loader the offending examples, unless they are unknown or a loader would lose all."""
    examples: dict[str, list[int]] = seen.get("examples") or {}
    counts = seen.get("num_examples") or {}
    found = {loader: sorted(set(numbers)) for loader, numbers in examples.items()}
    enough = all(len(numbers) < counts.get(loader, 0) for loader, numbers in found.items())
    return found if enough else {}
