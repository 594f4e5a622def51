"""Going back after training diverged: to which checkpoint, and what is another from then on.

Template's file: updates replace it. Free of torch. Set it with ``restart.on_nan``.

Training is a pure function of position: from the same checkpoint it would meet the same NaN. So
each rollback changes one thing, and ``rollbacks.json`` in the run's folder says which:

=======  =========================================================================================
first    the examples of the offending batch are left out for good (``sampling.without``)
second   the learning rate is halved, all of the schedule (``after_rollback.AfterRollback``)
=======  =========================================================================================

A kill at any moment loses nothing. The record is written first, as one file, with ``done: false``;
then the checkpoints are put back, which may be done twice; then it says ``done: true``. Whoever
starts the run next finishes what is not done, before looking for a checkpoint. What changed is
applied by every process of the training that reads the record, and a checkpoint says how many
rollbacks it knows of, so that nothing is applied twice.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from .checkpoint_files import (
    LAST,
    PREVIOUS,
    choose_last,
    choose_resumable_best,
    is_readable,
    link_or_copy,
    set_aside,
)
from .errors import UserError, shown

RECORD = "rollbacks.json"
AT_MOST = 2
HALF = 0.5


@dataclass(frozen=True)
class Rollback:
    """One time that training went back.

    Args:
        reason: What was seen, such as a loss that is NaN, and where.
        place: ``epoch``, ``batch`` and ``step`` of it, counted from 0.
        checkpoint: The file in ``checkpoints/`` that it went back to; None: the start.
        left_out: Training examples that are in no batch from now on.
        learning_rate_factor: What every learning rate is multiplied with from now on.
        time: When, with the offset from UTC.
        done: Whether the checkpoints have been put back.
    """

    reason: str
    place: dict[str, Any]
    checkpoint: str | None
    left_out: list[int]
    learning_rate_factor: float
    time: str
    done: bool = False

    @property
    def change(self) -> str:
        """What is another from now on, in words."""
        if self.left_out:
            return f"without the {len(self.left_out)} examples of that batch"
        return f"with {self.learning_rate_factor:g} times the learning rate"

    @property
    def origin(self) -> str:
        """Where training goes on from, in words."""
        return f"from {self.checkpoint}" if self.checkpoint else "from the start"

    def entry(self) -> dict[str, Any]:
        """What ``summary.json`` holds of it."""
        return {
            "time": self.time,
            "reason": self.reason,
            "checkpoint": self.checkpoint,
            "change": self.change,
        }


def read_rollbacks(folder: Path) -> list[Rollback]:
    """The rollbacks of the run in ``folder``, oldest first.

    Raises:
        UserError: The record is damaged: going on without it would be another training.
    """
    path = folder / RECORD
    try:
        return [Rollback(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise UserError(f"{shown(path)} is damaged ({error}): put it right or back") from None


def left_out(folder: Path) -> list[int]:
    """The training examples that are left out, of all rollbacks together."""
    return sorted({i for rollback in read_rollbacks(folder) for i in rollback.left_out})


def record_rollback(folder: Path) -> Rollback | None:
    """Decide and write down how to go back, after ``nan.json``; None when that was tried enough."""
    earlier = read_rollbacks(folder)
    if len(earlier) >= AT_MOST:
        return None
    seen = _what_was_seen(folder)
    examples = _to_leave_out(seen) if not earlier else []
    point = point_to_return_to(folder / "checkpoints")
    rollback = Rollback(
        reason=str(seen.get("reason", "the loss or a weight is NaN or infinite")),
        place={name: seen.get(name) for name in ("epoch", "batch", "step")},
        checkpoint=point.name if point else None,
        left_out=examples,
        learning_rate_factor=1.0 if examples else HALF,
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    _write(folder, [*earlier, rollback])
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
            _write(folder, rollbacks)


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
        raise UserError(f"{shown(checkpoints / name)} is gone, to which {RECORD} says to go back")
    elif name != LAST:
        link_or_copy(checkpoints / name, last)
    if name not in {None, LAST, PREVIOUS}:  # of LAST it is the past; of PREVIOUS another name
        previous.unlink(missing_ok=True)


def _what_was_seen(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "nan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _to_leave_out(seen: dict[str, Any]) -> list[int]:
    """The offending examples, unless they are unknown or nothing would be left to train on."""
    examples = sorted(set(seen.get("examples") or []))
    return examples if len(examples) < seen.get("num_examples", 0) else []


def _write(folder: Path, rollbacks: list[Rollback]) -> None:
    """Write the whole record, and onto the disk: what follows removes checkpoints."""
    unfinished = folder / f".{RECORD}.tmp"
    with open(unfinished, "w", encoding="utf-8") as file:
        json.dump([asdict(rollback) for rollback in rollbacks], file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, folder / RECORD)
