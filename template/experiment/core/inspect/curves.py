"""Draws a curve as one self-contained SVG file.

Template's file: updates replace it. Free of torch.
"""

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

from .axis import Axis

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 74, 24, 44, 52
INK, GRID, LINE, MARK = "#333", "#e3e3e3", "#1f77b4", "#d62728"


def save_curve(
    path: Path,
    title: str,
    x: Sequence[float],
    y: Sequence[float],
    labels: tuple[str, str],
    mark: tuple[float, float, str] | None = None,
    logarithmic: bool = False,
) -> None:
    """Write a curve.

    Args:
        path: The SVG file; its folder is made.
        title: What stands above.
        x: Positions, rising.
        y: Values; those that are not finite leave a gap.
        labels: Of the two axes.
        mark: A point to mark: x, y and a word.
        logarithmic: Whether x is drawn by its logarithm.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    finite = [value for value in y if math.isfinite(value)]
    across = Axis(min(x), max(x), LEFT, WIDTH - RIGHT, logarithmic)
    up = Axis(min([*finite, 0.0]), max(finite, default=1.0), HEIGHT - BOTTOM, TOP, False)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 24, title, "start", 15),
    ]
    for value in across.ticks():
        place = across(value)
        parts.append(_line(place, TOP, place, HEIGHT - BOTTOM, GRID))
        parts.append(_text(place, HEIGHT - BOTTOM + 18, f"{value:g}", "middle"))
    for value in up.ticks():
        parts.append(_line(LEFT, up(value), WIDTH - RIGHT, up(value), GRID))
        parts.append(_text(LEFT - 8, up(value) + 4, f"{value:.3g}", "end"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, labels[0], "middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = f'transform="rotate(-90 16 {middle:.0f})"'
    parts.append(_text(16, middle, labels[1], "middle", extra=turned))
    points = [(across(a), up(b)) for a, b in zip(x, y, strict=True) if math.isfinite(b)]
    joined = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    parts.append(f'<polyline points="{joined}" fill="none" stroke="{LINE}" stroke-width="2"/>')
    if mark:
        a, b = across(mark[0]), up(mark[1])
        parts.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="5" fill="{MARK}"/>')
        side = "end" if a > WIDTH / 2 else "start"
        parts.append(_text(a + (-9 if side == "end" else 9), b - 8, mark[2], side))
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def _line(x1: float, y1: float, x2: float, y2: float, color: str) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{color}"/>'


def _text(x: float, y: float, text: str, anchor: str, size: int = 12, *, extra: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {extra}'
    return f"<text {place.strip()}>{escape(text)}</text>"
