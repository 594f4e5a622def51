"""The drawings of a sweep's page: plain SVG, whose colours the page decides.

Template's file: updates replace it.
"""

import json
import math
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import Any

from ..tables import short_names
from .distributions import Parameter
from .sweep_file import Metric
from .trials import FAILED, Trial

WIDTH, HEIGHT = 960, 340
WIDE = 20  # times
LINE_HEIGHT = 12  # of a tick's text: nearer ones would cover each other
LEFT, RIGHT, TOP, BOTTOM = 68, 60, 44, 28


def parallel_coordinates(parameters: list[Parameter], metric: Metric, trials: list[Trial]) -> str:
    """One axis a parameter, the metric on the last one, one line a trial."""
    scored = [trial for trial in trials if trial.value is not None]
    varied = [p for p in parameters if len({json.dumps(t.values[p.key]) for t in scored}) > 1]
    if not varied or len(scored) < 2:
        return ""
    axes = [_Axis([t.values[p.key] for t in scored], "log" in p.distribution) for p in varied]
    axes.append(_metric_axis(scored))
    names = [*short_names(dict.fromkeys(p.key for p in varied)), metric.name]
    step = (WIDTH - LEFT - RIGHT) / (len(axes) - 1)
    across = [LEFT + i * step for i in range(len(axes))]
    parts = []
    merit = merits(scored, metric)
    for trial in sorted(scored, key=lambda t: merit[t.number]):  # the best on top
        values = [*(trial.values[p.key] for p in varied), trial.value]
        points = [(x, axis.y(v)) for x, axis, v in zip(across, axes, values, strict=True)]
        parts.append(
            f'<path class="line" data-trial="{trial.number}" style="--merit:'
            f'{100 * merit[trial.number]:.0f}%" d="{_curve(points)}">{_title(trial, metric)}</path>'
        )
    for x, axis, name in zip(across, axes, names, strict=True):
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{_floor()}"/>')
        parts.append(f'<text class="name" x="{x:.1f}" y="20">{escape(name)}</text>')
        side = "end" if x == across[-1] else "start"
        shift = -8 if side == "end" else 8
        for y, text in axis.ticks():
            parts.append(
                f'<text class="tick" text-anchor="{side}" x="{x + shift:.1f}" y="{y + 4:.1f}">'
                f"{escape(text)}</text>"
            )
    return _svg(parts, "Parallel coordinates: one line a trial")


def history(metric: Metric, trials: list[Trial]) -> str:
    """The value of each trial, and the best until then."""
    scored = [trial for trial in trials if trial.value is not None]
    if len(scored) < 2:
        return ""
    axis = _metric_axis(scored)
    last = max(trial.number for trial in trials)
    parts = []

    def x(number: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (number - 0.5) / last

    for y, text in axis.ticks():
        parts.append(
            f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" text-anchor="end" x="{LEFT - 8}" y="{y + 4:.1f}">{text}</text>'
        )
    corners: list[tuple[float, float]] = []
    best: float | None = None
    for trial in scored:
        value = metric.best([v for v in (best, trial.value) if v is not None])
        if value != best and value is not None:
            if best is not None:
                corners.append((x(trial.number), axis.y(best)))
            best = value
            corners.append((x(trial.number), axis.y(best)))
    corners.append((x(last), axis.y(best)))
    path = " ".join(f"{'ML'[i > 0]}{a:.1f},{b:.1f}" for i, (a, b) in enumerate(corners))
    parts.append(f'<path class="best" d="{path}"/>')
    merit = merits(scored, metric)
    for trial in trials:
        if trial.value is not None:
            parts.append(
                f'<circle class="dot" data-trial="{trial.number}" style="--merit:'
                f'{100 * merit[trial.number]:.0f}%" cx="{x(trial.number):.1f}" '
                f'cy="{axis.y(trial.value):.1f}" r="5">{_title(trial, metric)}</circle>'
            )
        elif trial.state == FAILED:
            parts.append(
                f'<text class="failed" data-trial="{trial.number}" x="{x(trial.number):.1f}" '
                f'y="{_floor() + 4}">×{_title(trial, metric)}</text>'
            )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="name" x="{middle}" y="{HEIGHT - 2}">trial 1 to {last}</text>')
    parts.append(f'<text class="name" x="{LEFT}" y="20">{escape(metric.name)}</text>')
    return _svg(parts, f"{metric.name} of each trial")


def merits(trials: list[Trial], metric: Metric) -> dict[int, float]:
    """How good each trial is among all, 1 for the best: by rank, so that one outlier hides none."""
    sign = -1 if metric.goal == "maximize" else 1
    ranked = sorted(trials, key=lambda t: sign * (t.value or 0.0))
    last = max(1, len(ranked) - 1)
    return {trial.number: 1 - place / last for place, trial in enumerate(ranked)}


def _metric_axis(scored: list[Trial]) -> "_Axis":
    """Logarithmic where the worst trials would press the good ones into one line."""
    values = [trial.value for trial in scored if trial.value is not None]
    return _Axis(values, logarithmic=min(values) > 0 and max(values) > WIDE * min(values))


class _Axis:
    """Where values lie between top and bottom: numbers on a scale, all else evenly."""

    def __init__(self, values: list[Any], logarithmic: bool) -> None:
        distinct = {json.dumps(value): value for value in values}
        numbers = [v for v in distinct.values() if type(v) in (int, float)]
        self.scale: tuple[float, float] | None = None
        self.log = logarithmic and min(numbers, default=0) > 0
        if len(numbers) == len(distinct):
            ends = sorted(map(self._position, (min(numbers), max(numbers))))
            self.scale = ends[0], max(ends[1], ends[0] + 1e-12)
        ordered = sorted(distinct, key=lambda text: (type(distinct[text]) is str, text))
        self.places = {text: i for i, text in enumerate(ordered)}
        self.numbers = sorted(numbers)

    def _position(self, value: float) -> float:
        return math.log(value) if self.log else float(value)

    def y(self, value: Any) -> float:
        if self.scale is not None:
            low, high = self.scale
            share = (self._position(value) - low) / (high - low)
        else:
            share = self.places[json.dumps(value)] / max(1, len(self.places) - 1)
        return _floor() - share * (_floor() - TOP)

    def ticks(self) -> Iterator[tuple[float, str]]:
        if self.scale is None:
            for text in self.places:
                yield self.y(json.loads(text)), text.strip('"')
        elif len(self.numbers) <= 6:
            top, below = self.y(self.numbers[-1]), math.inf  # y grows downwards
            for value in self.numbers:
                y = self.y(value)
                if y == top or min(below - y, y - top) >= LINE_HEIGHT:  # both ends, always
                    below = y
                    yield y, f"{value:.4g}"
        else:
            low, high = self.scale
            for i in range(5):
                position = low + (high - low) * i / 4
                value = math.exp(position) if self.log else position
                y = _floor() - (_floor() - TOP) * i / 4
                yield y, f"{value:.3g}"


def _floor() -> int:
    return HEIGHT - BOTTOM


def _curve(points: list[tuple[float, float]]) -> str:
    """A smooth line that crosses each axis level."""
    text = "M{:.1f},{:.1f}".format(*points[0])
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (x + to_x) / 2
        text += f" C{middle:.1f},{y:.1f} {middle:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"
    return text


def _title(trial: Trial, metric: Metric) -> str:
    values = ", ".join(f"{name}={value}" for name, value in short_names(trial.values).items())
    came = f"{metric.name} {trial.value:.6g}" if trial.value is not None else trial.reason
    return f"<title>{escape(f'{trial.name}: {came}; {values}')}</title>"


def _svg(parts: list[str], label: str) -> str:
    inner = "\n".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">\n'
        f"{inner}\n</svg>"
    )
