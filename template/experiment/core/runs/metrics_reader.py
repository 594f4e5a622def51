"""How ``metrics.jsonl`` is read: which rows count, and which value.

Template's file: updates replace it. Free of torch.

A row is ``{"step": 120, "val/loss": 0.3}``. Of a value that was logged twice, as after a kill, the
last counts. A row ``{"step": 63, "rollback": 1}`` says that training went back to step 63: what was
logged before it for step 63 and later is of a future that was given up, and does not count.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

MARK = "rollback"
# What callbacks log of the machine and the optimizer, which is no result.
BESIDE = ("lr-", "device/", "gradient/", "throughput/", "time/")
COUNTERS = {"epoch", "step", "restarts", MARK}


def is_result(name: str) -> bool:
    """Whether a metric says how good training is."""
    return name not in COUNTERS and not name.startswith(BESIDE)


def rows_that_count(file: Path) -> list[dict[str, Any]]:
    """The rows of a ``metrics.jsonl`` as they were logged, without those of a given-up future."""
    rows: list[dict[str, Any]] = []
    for line in file.read_bytes().splitlines() if file.exists() else ():
        with suppress(ValueError, RecursionError):  # a line that a kill tore
            row = json.loads(line)
            if not isinstance(row, dict):
                continue
            if MARK in row:
                rows = [old for old in rows if (old["step"] or 0) < row["step"]]
            else:
                rows.append(row)
    return rows


def newest_values(file: Path) -> dict[str, float]:
    """The last value of each metric in a ``metrics.jsonl``, but for those of a single step."""
    values: dict[str, float] = {}
    for row in rows_that_count(file):
        values.update(row)
    return {name: value for name, value in values.items() if not name.endswith("_step")}
