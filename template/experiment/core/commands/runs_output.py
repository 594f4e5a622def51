"""Runs as a table, as JSON, as CSV, or one of them in detail.

Template's file: updates replace it. Free of torch.
"""

import csv
import io
import json
import shutil
import sys
from datetime import datetime
from typing import Any

from ..files import shown
from ..runs.run import Run
from ..runs.selection import telling, told_settings
from ..runs.table import RunRow
from ..tables import aligned, duration, shown_value
from .report import wandb_line

FIELDS = ("status", "reason", "metric", "best", "epoch", "epochs", "step", "restarts", "device")


def table(rows: list[RunRow]) -> str:
    """Lines of text, cut to the terminal's width."""
    metrics = {row.metric for row in rows if row.metric}
    one = metrics.pop() if len(metrics) == 1 else None
    header = ["run", "status", f"best {one}" if one else "best", "epoch", "time", "restarts"]
    settings = told_settings(rows)
    lines = aligned(
        [
            [*header, "device", "settings" if any(settings) else ""],
            *(
                [*_cells(row, one), row.device or "-", _in_words(told)]
                for row, told in zip(rows, settings, strict=True)
            ),
        ]
    )
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return "".join(f"{line[:width].rstrip()}\n" for line in lines)


def _cells(row: RunRow, metric: str | None) -> list[str]:
    best = shown_value(row.best) if metric or row.best is None else ""
    return [
        row.name,
        row.status,
        best or f"{shown_value(row.best)} ({row.metric})",
        epoch_in_words(row),
        duration(row.seconds),
        str(row.restarts or "-"),
    ]


def epoch_in_words(row: RunRow) -> str:
    """``3/20``; only what is known."""
    if row.epoch is None:
        return "-"
    return f"{row.epoch}/{row.epochs}" if row.epochs is not None else str(row.epoch)


def _in_words(settings: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items())


def as_json(rows: list[RunRow]) -> str:
    """A list of objects, one a run, with all that is known."""
    return json.dumps([_entry(row) for row in rows], indent=2) + "\n"


def _entry(row: RunRow) -> dict[str, Any]:
    return {
        "name": row.name,
        **{name: getattr(row, name) for name in FIELDS},
        "mode": row.mode,
        "seconds": row.seconds,
        "seconds_left": row.seconds_left,
        "began": _time(row),
        "wandb": row.summary.get("wandb"),
        "metrics": row.metrics,
        "settings": row.settings,
    }


def as_csv(rows: list[RunRow]) -> str:
    """A line a run: what is known of it, its metrics, and the settings in which they differ."""
    metrics = list(dict.fromkeys(name for row in rows for name in row.metrics))
    keys = telling(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", *FIELDS, "seconds", "began", *metrics, *keys])
    for row in rows:
        known = [getattr(row, name) for name in FIELDS]
        values = [row.metrics.get(name) for name in metrics]
        settings = [_plain(row.settings.get(key)) for key in keys]
        writer.writerow([row.name, *known, row.seconds, _time(row), *values, *settings])
    return text.getvalue()


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict | bool) else value


def _time(row: RunRow) -> str:
    return datetime.fromtimestamp(row.began).astimezone().isoformat(timespec="seconds")


def in_detail(row: RunRow) -> str:
    """What is known of one run, a line a fact."""
    facts = {
        "status": f"{row.status}: {row.reason}" if row.reason else row.status,
        "best": f"{row.metric} {shown_value(row.best)}" if row.best is not None else "-",
        "epoch": f"{epoch_in_words(row)}, step {shown_value(row.step)}",
        "time": _time_in_words(row),
        "restarts": _restarts(row),
        "device": row.device or "-",
        "began": _time(row),
        "W&B": wandb_line(Run(row.folder, summary=row.summary)),
        "configuration": shown(row.folder / "config.yaml"),
        "log": shown(row.folder / "train.log"),
        "code": shown(row.folder / "code"),
    }
    values = {name: shown_value(value) for name, value in row.metrics.items() if "/" in name}
    lines = [f"  {name:<16}  {text}" for name, text in {**facts, **values}.items()]
    return "\n".join([row.name, *lines, ""])


def _time_in_words(row: RunRow) -> str:
    left = row.seconds_left
    return duration(row.seconds) + (f", about {duration(left)} left" if left is not None else "")


def _restarts(row: RunRow) -> str:
    history = row.summary.get("restart_history") or []
    last = f", the last one: {history[-1].get('reason')}" if history else ""
    return f"{row.restarts}{last}"
