"""``rollbacks.json``: how often a run went back, and what is another since.

Template's file: updates replace it. Free of torch. Where it is decided how to go
back: restart/rollback.py.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import shown, write_json
from .layout import ROLLBACKS


@dataclass(frozen=True)
class Rollback:
    """One time that training went back.

    Args:
        reason: What was seen, such as a loss that is NaN, and where.
        place: ``epoch``, ``batch`` and ``step`` of it, counted from 0.
        checkpoint: The file in ``checkpoints/`` that it went back to; None: the start.
        left_out: By training loader, the examples that are in no batch from now on.
        learning_rate_factor: What every learning rate is multiplied with from now on.
        time: When, with the offset from UTC.
        done: Whether the checkpoints have been put back.
    """

    reason: str
    place: dict[str, Any]
    checkpoint: str | None
    left_out: dict[str, list[int]]
    learning_rate_factor: float
    time: str
    done: bool = False

    @property
    def change(self) -> str:
        """What is another from now on, in words."""
        if self.left_out:
            count = sum(len(examples) for examples in self.left_out.values())
            loaders = f" ({', '.join(self.left_out)})" if len(self.left_out) > 1 else ""
            return f"without the {count} examples of that batch{loaders}"
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
    path = folder / ROLLBACKS
    try:
        return [Rollback(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise UserError(f"{shown(path)} is damaged ({error}): put it right or back") from None


def left_out(folder: Path) -> dict[str, list[int]]:
    """By training loader, the examples that are left out, of all rollbacks together."""
    together: dict[str, set[int]] = {}
    for rollback in read_rollbacks(folder):
        for loader, examples in rollback.left_out.items():
            together.setdefault(loader, set()).update(examples)
    return {loader: sorted(examples) for loader, examples in together.items()}


def write_rollbacks(folder: Path, rollbacks: list[Rollback]) -> None:
    """Write the whole record, and onto the disk: what follows removes checkpoints."""
    entries = [asdict(rollback) for rollback in rollbacks]
    write_json(folder / ROLLBACKS, entries, flush=True)
