"""``main.py runs compare A B``: in what runs differ, and how they did.

Template's file: updates replace it. Free of torch.
"""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from ..files import shown, write_text
from ..inspect.line_chart import STYLE, Line, line_chart
from ..inspect.report.document import document, header
from ..runs.curves import Points, read_curves
from ..runs.disk_errors import unwritable
from ..runs.metrics_reader import COUNTERS, is_result
from ..runs.settings_reader import differing
from ..runs.table import RunRow
from ..tables import aligned, duration, shown_value
from .runs_output import epoch_in_words

FOLDER = "compare"


def compare(rows: list[RunRow], output: Path) -> str:
    """Write the page; what is printed.

    Raises:
        UserError: The page cannot be written.
    """
    names = [row.name for row in rows]
    parts = [aligned([["", *names], *section]) for section in sections(rows).values() if section]
    file = output / FOLDER / f"{'--'.join(name.replace('/', '.') for name in names)[:150]}.html"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, page(rows))
    except OSError as error:
        raise unwritable(file.parent, error) from None
    lines = [line for part in parts for line in [*part, ""]]
    return "\n".join([*lines, f"curves: {shown(file)}", ""])


def sections(rows: list[RunRow]) -> dict[str, list[list[str]]]:
    """What is compared: of each heading the lines, a name and a cell for each run."""
    keys = differing([row.settings for row in rows])
    metrics = dict.fromkeys(name for row in rows for name in row.metrics if is_result(name))
    return {
        "How they did": [
            ["status", *(row.status for row in rows)],
            ["best", *(f"{shown_value(row.best)} ({row.metric})" for row in rows)],
            ["epoch", *map(epoch_in_words, rows)],
            ["time", *(duration(row.seconds) for row in rows)],
            ["restarts", *(str(row.restarts) for row in rows)],
            ["device", *(row.device or "-" for row in rows)],
            ["code (same letter: the same)", *_codes(rows)],
        ],
        "Metrics": [
            [name, *(shown_value(row.metrics.get(name)) for row in rows)] for name in metrics
        ],
        "Settings that differ": [[key, *(_setting(row, key) for row in rows)] for key in keys],
    }


def charts(
    rows: list[RunRow], read: Callable[[Path], dict[str, Points]] = read_curves
) -> list[str]:
    """A drawing of each metric that was logged more than once, those of validation first.

    Args:
        rows: Runs.
        read: Gives the points of a ``metrics.jsonl``; a server need not begin anew each time.
    """
    logged = [read(row.folder / "metrics.jsonl") for row in rows]
    names = dict.fromkeys(name for run in logged for name in run)
    drawn = [name for name in names if name not in COUNTERS and not name.startswith("test/")]
    drawn.sort(key=lambda name: (not is_result(name), not name.startswith("val/")))
    found = []
    for name in drawn:
        lines = [Line(row.name, run.get(name, [])) for row, run in zip(rows, logged, strict=True)]
        if any(len(line.points) > 1 for line in lines):
            found.append(line_chart(name, lines))
    return found


def page(rows: list[RunRow]) -> str:
    """The page: one file that needs nothing from elsewhere."""
    names = [row.name for row in rows]
    tables = [
        f'<h2>{title}</h2><div class="card">{_html_table(names, lines)}</div>'
        for title, lines in sections(rows).items()
        if lines
    ]
    drawn = "".join(f"<div>{chart}</div>" for chart in charts(rows))
    curves = f'<h2>Curves</h2><div class="curves">{drawn}</div>' if drawn else ""
    top = header("runs compare", " and ".join(names), "side by side", [])
    body = [top, '<main id="findings">', tables[0], curves, *tables[1:], "</main>"]
    return document(f"{' and '.join(names)}", body, "", STYLE)


def _html_table(names: list[str], lines: list[list[str]]) -> str:
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in ["", *names])
    body = ""
    for first, *cells in lines:
        values = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        body += f"<tr><th scope='row'>{escape(first)}</th>{values}</tr>"
    return f'<div class="wide"><table class="beside"><tr>{head}</tr>{body}</table></div>'


def _codes(rows: list[RunRow]) -> list[str]:
    """Which runs were trained with the same code: A, B, ... in the order of the runs."""
    prints: list[Any] = list(dict.fromkeys(row.summary.get("code") for row in rows))
    return [chr(ord("A") + prints.index(row.summary.get("code"))) for row in rows]


def _setting(row: RunRow, key: str) -> str:
    return shown_value(row.settings[key]) if key in row.settings else "(not known then)"
