"""Which runs are meant, and in which order: what ``--where`` and ``--sort`` name.

Template's file: updates replace it. Free of torch.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..config.diff import FREE
from ..config.direction import direction_of
from ..config.yaml_reader import from_word
from ..errors import UserError
from ..files import shown
from ..spelling import did_you_mean, nearest
from ..tables import short_names, shown_value
from .run_folders import all_runs
from .settings_reader import differing
from .table import RunRow, read_run

LONGEST = 300  # letters of a condition
COLUMNS: dict[str, Callable[[RunRow], Any]] = {
    "name": lambda row: row.name,
    "status": lambda row: row.status,
    "best": lambda row: row.best,
    "epoch": lambda row: row.epoch,
    "step": lambda row: row.step,
    "time": lambda row: row.seconds,
    "restarts": lambda row: row.restarts,
    "device": lambda row: row.device,
    "began": lambda row: row.began,
}


def chosen(rows: list[RunRow], conditions: Iterable[str]) -> list[RunRow]:
    """The runs for which every ``KEY=VALUE`` holds.

    Raises:
        UserError: A condition is none, or no run has such a key.
    """
    for condition in dict.fromkeys(conditions):
        key, equals, text = condition.partition("=")
        if len(condition) > LONGEST:  # of a pattern of 20,000 letters a minute would be thought
            raise UserError(f"--where {condition[:20]}...: write at most {LONGEST} letters")
        if not (key and equals):
            raise UserError(f"--where {condition}: write KEY=VALUE, such as model.depth=2")
        value_of, typed = _reader(key, rows, "--where"), _typed(text)
        rows = [row for row in rows if _is(value_of(row), text, typed)]
    return rows


def ordered(rows: list[RunRow], key: str) -> list[RunRow]:
    """The runs by a column, a setting or a metric: rising, but of a metric the best first.

    Args:
        rows: Runs.
        key: What to compare; with a ``-`` before it the other way round.

    Raises:
        UserError: No run has such a key.
    """
    if len(key) > LONGEST:
        raise UserError(f"--sort {key[:20]}...: write at most {LONGEST} letters")
    name = key.removeprefix("-")
    value_of = _reader(name, rows, "--sort")
    known = [row for row in rows if _is_known(value_of(row))]
    falls = _falls(name, known) != key.startswith("-")
    known.sort(key=lambda row: _rank(value_of(row)), reverse=falls)
    return known + [row for row in rows if not _is_known(value_of(row))]  # these last


def best_run(rows: list[RunRow], key: str | None) -> tuple[RunRow, str, int]:
    """The best run, by which metric, and how many could not be compared by it.

    Args:
        rows: Runs.
        key: The metric; None for the one that most of their checkpoints are chosen by.

    Raises:
        UserError: None has a value, or nobody knows whether more or less of it is better.
    """
    counts = Counter(row.metric for row in rows if row.best is not None)
    if not counts and key is None:
        raise UserError("no run has a best value yet: none has validated")
    metric = key or str(counts.most_common(1)[0][0])
    value_of = _reader(metric, rows, "--sort") if key else _best_by(metric)
    known = [row for row in rows if _is_known(value_of(row))]
    modes = {_mode(row, metric) for row in known}
    if len(modes) != 1 or None in modes:
        raise UserError(f"--sort {metric}: it is not known whether more or less of it is better")
    choose = min if modes == {"min"} else max
    return choose(known, key=value_of), metric, len(rows) - len(known)


def find_row(name: str, output: Path) -> RunRow:
    """The run of a name.

    Raises:
        UserError: There is none.
    """
    folder = output / name
    folders = all_runs(output)
    if folder not in folders:
        names = [other.relative_to(output).as_posix() for other in folders]
        known = did_you_mean(nearest(name, names)) or "; `main.py runs` lists them"
        raise UserError(f"there is no run {name} in {shown(output)}{known}")
    return read_run(folder, output)


def telling(rows: list[RunRow]) -> list[str]:
    """The settings in which runs differ, without those that change nothing that is learned."""
    keys = differing([row.settings for row in rows], where_known=True)
    return [key for key in keys if not any(key == f or key.startswith(f"{f}.") for f in FREE)]


def told_settings(rows: list[RunRow]) -> list[dict[str, str]]:
    """Of each run the settings in which they differ, as far as it has them, by short names."""
    keys = telling(rows)
    pairs = list(zip(short_names(dict.fromkeys(keys)), keys, strict=True))
    return [
        {name: shown_value(row.settings[key]) for name, key in pairs if key in row.settings}
        for row in rows
    ]


def _reader(key: str, rows: list[RunRow], option: str) -> Callable[[RunRow], Any]:
    """How a row's value is had: of a column, a setting, or a metric."""
    if key in COLUMNS:
        return COLUMNS[key]
    settings = dict.fromkeys(name for row in rows for name in row.settings)
    full = [name for name in settings if name == key or name.endswith(f".{key}")]
    if key in settings or len(full) == 1:
        setting = key if key in settings else full[0]
        return lambda row: row.settings.get(setting)
    metrics = dict.fromkeys(name for row in rows for name in row.metrics)
    if key in metrics:
        return lambda row: row.metrics.get(key)
    if len(full) > 1:
        raise UserError(f"{option} {key}: which one, {' or '.join(full)}?")
    if not rows:
        return lambda row: None
    names = [*COLUMNS, *settings, *metrics]
    known = did_you_mean(nearest(key, names)) or f"; there are {', '.join(COLUMNS)}, and settings"
    raise UserError(f"{option} {key}: no run has such a column, setting or metric{known}")


def _best_by(metric: str) -> Callable[[RunRow], Any]:
    return lambda row: row.best if row.metric == metric else None


def _mode(row: RunRow, metric: str) -> str | None:
    return row.mode if metric in {row.metric, "best"} else direction_of(metric)


def _falls(name: str, rows: list[RunRow]) -> bool:
    """Whether the greatest comes first."""
    if name in COLUMNS and name != "best":
        return False
    return bool(rows) and _mode(rows[0], name) == "max"


def _is_known(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _rank(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then everything else by its text."""
    if isinstance(value, int | float):
        return 0, value, ""  # not as a float: a whole number may be larger than any
    return 1, 0.0, str(value)


def _typed(text: str) -> Any:
    """What was typed, as YAML reads it; the text itself where that reads nothing."""
    try:
        return from_word(text).plain()
    except UserError:
        return text


def _is(value: Any, text: str, typed: Any) -> bool:
    """Whether a value is what was typed; in a text, ``*`` stands for anything."""
    if isinstance(value, str):
        return fnmatchcase(value, text)
    if isinstance(typed, str) and isinstance(value, float):  # 1e-3 is a text to YAML 1.1
        try:
            typed = float(typed)
        except ValueError:
            return False
    return (type(typed) is type(value) and typed == value) or _are_equal_numbers(typed, value)


def _are_equal_numbers(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return numbers and isinstance(one, bool) == isinstance(other, bool) and one == other
