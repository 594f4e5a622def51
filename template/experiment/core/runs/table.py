"""What lies in ``runs/``, a row a run: read from the files alone, whoever writes them meanwhile.

Template's file: updates replace it. Free of torch. ``main.py runs``, the page of a sweep and the
web page read through this.
"""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config.direction import direction_of
from ..errors import in_a_line
from .layout import HEARTBEAT, SCORES
from .metrics_reader import is_result
from .run_folders import all_runs
from .settings_reader import read_settings
from .status import ALIVE, FAILED, FINISHED, status_of
from .summary import read_summary

TAIL = 4096  # bytes of metrics.jsonl, which hold its last rows


@dataclass(frozen=True)
class RunRow:
    """A run as it is now.

    Attributes:
        name: As it is typed: its folder from that of the runs.
        folder: Where it lies.
        status: One of the words of status.py.
        reason: Why it ended so, or does not get on.
        metric: What its best checkpoint is chosen by; None before the first.
        mode: Whether the least (``min``) or the greatest (``max``) of it is best.
        best: The best value.
        epoch: Epochs that are done.
        epochs: Epochs that were asked for; None where it ends by steps.
        step: Optimizer steps that are done.
        seconds: How long it has trained, over all its starts.
        restarts: How often the supervisor started it again.
        device: What it trains on, in words; empty before training began.
        began: When, in seconds of the clock.
        settings: Every setting by its dotted key.
        metrics: The last value of each.
        summary: All of its ``summary.json``.
    """

    name: str
    folder: Path
    status: str
    reason: str | None
    metric: str | None
    mode: str | None
    best: float | None
    epoch: int | None
    epochs: int | None
    step: int | None
    seconds: float
    restarts: int
    device: str
    began: float
    settings: dict[str, Any] = field(repr=False)
    metrics: dict[str, float] = field(repr=False)
    summary: dict[str, Any] = field(repr=False)

    @property
    def is_alive(self) -> bool:
        """Whether a process works on it."""
        return self.status in ALIVE

    @property
    def seconds_left(self) -> float | None:
        """What training still takes at the pace of its last start; None where nobody knows."""
        start = self.summary.get("start") or {}
        last, step = start.get("last_step"), self.step
        if not self.is_alive or last is None or step is None or step <= start["step"]:
            return None
        pace = (self.seconds - start["seconds"]) / (step - start["step"])
        return max(0.0, pace * (last - step))


def read_runs(output: Path) -> list[RunRow]:
    """All runs in a folder, those of sweeps included, the newest last."""
    rows = [_read_or_tell(folder, output) for folder in all_runs(output)]
    return sorted(rows, key=lambda row: (row.began, row.name))


def _read_or_tell(folder: Path, output: Path) -> RunRow:
    """One run; of one whose files are not as runs write them, that: it hides no other."""
    try:
        return read_run(folder, output)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        name = folder.relative_to(output).as_posix()
        reason = f"its files cannot be read: {in_a_line(error)}"
        return RunRow(
            name=name, folder=folder, status=FAILED, reason=reason, metric=None, mode=None,
            best=None, epoch=None, epochs=None, step=None, seconds=0.0, restarts=0, device="",
            began=_began(folder), settings={}, metrics={}, summary={},
        )  # fmt: skip


def read_run(folder: Path, output: Path) -> RunRow:
    """One run.

    Args:
        folder: The run's.
        output: The folder of the runs.
    """
    summary, settings = read_summary(folder), read_settings(folder / "config.yaml")
    status, reason = status_of(folder, summary, settings.get("restart.stall_minutes"))
    metric, mode, best = _best(folder, summary)
    last = {} if status == FINISHED else _last_row(folder / "metrics.jsonl")
    step, seconds = _progress(folder, summary)
    return RunRow(
        name=folder.relative_to(output).as_posix(),
        folder=folder,
        status=status,
        reason=reason,
        metric=metric,
        mode=mode,
        best=best,
        epoch=_whole(last.get("epoch", summary.get("epochs"))),
        epochs=_whole(settings.get("trainer.max_epochs")),
        step=step if step is not None else _whole(last.get("step")),
        seconds=seconds,
        restarts=int(summary.get("restarts", 0)),
        device=device_in_words(summary.get("device")),
        began=_began(folder),
        settings=settings,
        metrics={**summary.get("metrics", {}), **_numbers(last)},
        summary=summary,
    )


def device_in_words(device: dict[str, Any] | None) -> str:
    """``cpu``, ``NVIDIA H200 (1)``, ``4 x NVIDIA H200``."""
    if not device:
        return ""
    name, visible = device.get("name") or device["kind"], device.get("visible")
    if device["count"] > 1:
        name = f"{device['count']} x {name}"
    return f"{name} ({visible})" if visible else name


def _best(folder: Path, summary: dict[str, Any]) -> tuple[str | None, str | None, float | None]:
    """The metric, its direction, and the best value: of the checkpoints, else as it was noted."""
    try:
        record = json.loads((folder / "checkpoints" / SCORES).read_text(encoding="utf-8"))
        choose = min if record["mode"] == "min" else max
        return record["monitor"], record["mode"], choose(record["scores"].values())
    except (OSError, ValueError, KeyError, TypeError):
        best = summary.get("best") or {}
        metric = best.get("metric")
        return metric, direction_of(metric) if metric else None, best.get("value")


def _progress(folder: Path, summary: dict[str, Any]) -> tuple[int | None, float]:
    """The steps and the seconds, by the last sign of life where there is one."""
    steps, seconds = summary.get("steps"), float(summary.get("seconds", 0.0))
    try:
        beat = (folder / HEARTBEAT).read_text(encoding="utf-8").split()
        return int(beat[0]), max(seconds, float(beat[1]))
    except (OSError, ValueError, IndexError):
        return steps, seconds


def _last_row(file: Path) -> dict[str, Any]:
    """What the last rows of a ``metrics.jsonl`` say, a later one over an earlier one."""
    try:
        with open(file, "rb") as opened:
            opened.seek(max(0, opened.seek(0, 2) - TAIL))
            lines = opened.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return {}
    values: dict[str, Any] = {}
    for line in lines:
        try:
            values.update(json.loads(line))
        except (ValueError, TypeError, RecursionError):  # cut, or torn by a kill
            continue
    return values


def _numbers(row: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in row.items() if is_result(name) and _is_finite(value)}


def _is_finite(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and math.isfinite(value)
    except OverflowError:  # a whole number larger than any float
        return False


def _whole(value: Any) -> int | None:
    return int(value) if _is_finite(value) else None


def _began(folder: Path) -> float:
    """When it last started; see ``make_newest``."""
    try:
        return (folder / "config.yaml").stat().st_mtime
    except OSError:
        return 0.0
