"""Values as they stand in a table, on the terminal and on a page.

Template's file: updates replace it. Free of torch.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any


def duration(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3:20 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{str(timedelta(minutes=round(seconds / 60)))[:-3]} h"


def short_names(values: dict[str, Any]) -> dict[str, Any]:
    """The values under the last words of their keys, where these are no two keys' last words."""
    names = [key.rpartition(".")[2] for key in values]
    return {
        name if names.count(name) == 1 else key: value
        for (key, value), name in zip(values.items(), names, strict=True)
    }


def shown_value(value: Any) -> str:
    """A value in a table: short, and ``-`` for none."""
    if value is None:
        return "-"
    return f"{value:.5g}" if isinstance(value, float) else as_typed(value)


def as_typed(value: Any) -> str:
    """A value as it is typed after ``key=``."""
    return value if isinstance(value, str) else json.dumps(value)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines of text, their columns one below the other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines
