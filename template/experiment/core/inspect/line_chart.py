"""Curves of one metric, a line a run: SVG whose colours the page decides, in light and in dark.

Template's file: updates replace it. Free of torch.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from .axis import Axis

WIDTH, HEIGHT = 480, 270
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 12, 28
MOST_POINTS = 400  # of a line: more are narrower than a pixel
COLORS = 6

STYLE = """
:root { --line-0: #0b6e6e; --line-1: #c2410c; --line-2: #5b4bb7; --line-3: #a3134e;
  --line-4: #6b7000; --line-5: #1f5fa8; }
@media (prefers-color-scheme: dark) { :root { --line-0: #4fc4b8; --line-1: #fb923c;
  --line-2: #a99bf5; --line-3: #f58ab4; --line-4: #cfd24a; --line-5: #86b9f5; } }
.curves { display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); }
.curves > div { background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
  padding: 14px 16px; min-width: 0; }
.chart figcaption { font-weight: 600; font-size: 13.5px; }
.chart svg { display: block; width: 100%; height: auto; margin: 6px 0; }
.chart text { fill: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.chart .grid { stroke: var(--rule); }
.chart polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.chart ul { display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; margin: 0; padding: 0;
  font-size: 12.5px; color: var(--soft); }
.chart li::before { content: ""; display: inline-block; width: 16px; border-top: 3px solid;
  vertical-align: middle; margin-right: 6px; color: var(--of); }
.wide { overflow-x: auto; }
.beside th { text-align: left; white-space: nowrap; font-weight: 500; color: var(--soft); }
.beside th, .beside td { padding: 5px 16px 5px 0; border-bottom: 1px solid var(--rule);
  font-variant-numeric: tabular-nums; vertical-align: top; }
.of-0 { stroke: var(--line-0); --of: var(--line-0); }
.of-1 { stroke: var(--line-1); --of: var(--line-1); }
.of-2 { stroke: var(--line-2); --of: var(--line-2); }
.of-3 { stroke: var(--line-3); --of: var(--line-3); }
.of-4 { stroke: var(--line-4); --of: var(--line-4); }
.of-5 { stroke: var(--line-5); --of: var(--line-5); }
.again { stroke-dasharray: 5 3; }
"""


class Line(NamedTuple):
    """A run's values of a metric.

    Attributes:
        name: The run's.
        points: Step and value, by rising step.
    """

    name: str
    points: Sequence[tuple[float, float]]


def line_chart(title: str, lines: Sequence[Line]) -> str:
    """The drawing, as a ``figure`` with a legend where there are several lines.

    Args:
        title: The metric.
        lines: Of the runs, each in the colour of its place. Values that are not finite leave a gap.
    """
    across, up = _axes(lines)
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for value in up.ticks():
        parts.append(f'<path class="grid" d="M{LEFT} {up(value):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 8, up(value) + 4, f"{value:.4g}", "end"))
    for value in across.ticks():
        parts.append(_text(across(value), HEIGHT - 8, f"{value:g}", "middle"))
    parts.append(_text(LEFT - 8, HEIGHT - 8, "step", "end"))
    for i, line in enumerate(lines):
        for piece in _pieces(line.points):
            points = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in piece)
            parts.append(f'<polyline class="{_look(i)}" points="{points}"/>')
    drawing = "".join([*parts, "</svg>"])
    names = [f'<li class="{_look(i)}">{escape(line.name)}</li>' for i, line in enumerate(lines)]
    legend = f"<ul>{''.join(names)}</ul>" if len(lines) > 1 else ""
    return (
        f'<figure class="chart"><figcaption>{escape(title)}</figcaption>{drawing}{legend}</figure>'
    )


def _axes(lines: Sequence[Line]) -> tuple[Axis, Axis]:
    points = [(x, y) for line in lines for x, y in line.points if math.isfinite(y)]
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    low, high = min(ys), max(ys)
    room = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
    across = Axis(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    return across, Axis(low - room, high + room, HEIGHT - BOTTOM, TOP)


def _pieces(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The stretches without a gap, thinned to what can be seen; a lone point is a short dash."""
    step = math.ceil(len(points) / MOST_POINTS) or 1
    pieces: list[list[tuple[float, float]]] = [[]]
    for i, (x, y) in enumerate(points):
        if not math.isfinite(y):
            pieces.append([])
        elif i % step == 0 or i == len(points) - 1:
            pieces[-1].append((x, y))
    return [piece if len(piece) > 1 else piece * 2 for piece in pieces if piece]


def _look(place: int) -> str:
    again = " again" if place // COLORS % 2 else ""
    return f"of-{place % COLORS}{again}"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
