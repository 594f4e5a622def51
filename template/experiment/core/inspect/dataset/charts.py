"""Charts of a split as inline SVG and HTML: how often each class is there, and how numbers spread.

Template's file: updates replace it. Bars are of the split; the line is of training, to compare.
"""

from collections.abc import Sequence
from html import escape

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from ..report.room import shortened
from .inspection import Property, SplitLook

WIDTH, HEIGHT = 280, 84  # of a histogram, in units of its own
BINS, WHOLE = 28, 40  # bars; of whole numbers that span less than ``WHOLE``, one each
NAMED = 20  # classes that have a bar with a name
ENDS = 8  # of more classes: the most frequent and the rarest that are named
FAR = 4.0  # times the middle 99 %: what lies beyond is put into the last bar, and said


def histogram(one: Property, everywhere: Sequence[Property], training: Property | None) -> str:
    """A property's histogram over one range for all splits, with the words that say the same."""
    known = finite(one.values)
    unit = f", {one.unit}" if one.unit else ""
    name = escape(shortened(f"{spaced(one.name)}{unit}", 60))
    if not len(known):
        return f"<figure><figcaption><b>{name}</b> unknown</figcaption></figure>"
    edges = _edges(np.concatenate([finite(other.values) for other in everywhere]))
    bars = _bars(_shares(known, edges))
    line = "" if training is None else _outline(_shares(finite(training.values), edges))
    words = summary(known)
    beyond = int(((known < edges[0]) | (known > edges[-1])).sum())
    if beyond:
        words += f"; {beyond:,} beyond, in the last bars"
    if missing := len(one.values) - len(known):
        words += f"; {missing:,} unknown"
    svg = _svg(bars, line, f"{name}: {words}")
    inner = 0.5 if _are_whole(edges) else 0.0  # bars stand about their numbers
    low, high = number(float(edges[0] + inner)), number(float(edges[-1] - inner))
    ends = f'<div class="ends"><span>{low}</span><span>{high}</span></div>'
    return f"<figure><figcaption><b>{name}</b> {words}</figcaption>{svg}{ends}</figure>"


def spaced(name: str) -> str:
    """A name as it is read: ``edge_density`` is edge density."""
    return name.replace("_", " ")


def only_value(everywhere: Sequence[Property]) -> str | None:
    """The value that all examples of all splits have, if they have one."""
    values = np.concatenate([np.asarray(one.values, dtype=float) for one in everywhere])
    known = np.unique(values[np.isfinite(values)])
    return number(float(known[0])) if len(known) == 1 and np.isfinite(values).all() else None


def finite(values: Float[ndarray, " examples"]) -> Float[ndarray, " known"]:
    """Those that are numbers."""
    numbers = np.asarray(values, dtype=float)
    return numbers[np.isfinite(numbers)]


def summary(known: Float[ndarray, " known"]) -> str:
    """Least, middle and most."""
    low, middle, high = float(known.min()), float(np.median(known)), float(known.max())
    if low == high:
        return f"always {number(low)}"
    return f"{number(low)} to {number(high)}, median {number(middle)}"


def number(value: float) -> str:
    """As short as it can be read."""
    if value == round(value) or abs(value) >= 1000:
        return f"{value + 0.0:,.0f}" if abs(value) < 1e9 else f"{value:.3g}"  # no -0
    return f"{value:.3g}"


def _edges(known: Float[ndarray, " known"]) -> Float[ndarray, " edges"]:
    """Where bars begin and end."""
    low, high = float(known.min()), float(known.max())
    least, most = (float(value) for value in np.percentile(known, [0.5, 99.5]))
    if most > least and high - low > FAR * (most - least):
        low, high = least, most
    if high - low < WHOLE and bool((known == np.round(known)).all()):
        return np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    return np.linspace(low, high if high > low else low + 1, BINS + 1)


def _are_whole(edges: Float[ndarray, " edges"]) -> bool:
    """Whether each bar is of one whole number."""
    return bool(edges[0] % 1 == 0.5 and edges[1] - edges[0] == 1)


def _shares(known: Float[ndarray, " known"], edges: Float[ndarray, " edges"]) -> list[float]:
    """The share of each bar; what lies beyond counts to the last ones."""
    counts, _ = np.histogram(np.clip(known, edges[0], edges[-1]), edges)
    return (counts / max(1, len(known))).tolist()


def _bars(shares: Sequence[float]) -> str:
    most = max(shares) or 1.0
    step, path = WIDTH / len(shares), []
    for place, share in enumerate(shares):
        height = share / most * (HEIGHT - 4)
        if share:
            left = place * step
            width = max(step - 1, step * 0.8)
            path.append(f"M{left:.1f} {HEIGHT}v-{max(1, height):.1f}h{width:.1f}V{HEIGHT}z")
    return f'<path class="bars" d="{"".join(path)}"/>'


def _outline(shares: Sequence[float]) -> str:
    most = max(shares, default=0) or 1.0
    step = WIDTH / max(1, len(shares))
    tops = [HEIGHT - share / most * (HEIGHT - 4) for share in shares]
    path = "".join(f"V{top:.1f}h{step:.1f}" for top in tops)
    return f'<path class="line" d="M0 {HEIGHT}{path}V{HEIGHT}"/>'


def _svg(bars: str, line: str, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" preserveAspectRatio="none" '
        f'aria-label="{title}">{bars}{line}</svg>'
    )


def class_chart(split: SplitLook, training: SplitLook | None) -> str:
    """How often each class is there, in the order of the data; of many, the ends by name."""
    counts = split.class_counts
    if not counts:
        return ""
    total, what = sum(counts.values()), escape(split.counted)
    heading = f"<h3>Classes <small>{len(counts):,}, in {total:,} {what}</small></h3>"
    shares = _class_shares(training) if training is not None else {}
    if len(counts) <= NAMED:
        return heading + _class_rows(counts, counts, shares)
    ranked = sorted(counts, key=lambda name: -counts[name])
    drawn = _drawn(np.array([counts[name] for name in ranked], dtype=float))
    title = f"{len(counts):,} classes, {counts[ranked[0]]:,} to {counts[ranked[-1]]:,} {what} each"
    return (
        f"{heading}<figure>{_svg(_bars(drawn), '', title)}"
        f"<figcaption>{title}, from the most frequent to the rarest</figcaption></figure>"
        f'<div class="two"><div><h4>Most frequent</h4>{_class_rows(counts, ranked[:ENDS], shares)}'
        f"</div><div><h4>Rarest</h4>{_class_rows(counts, ranked[-ENDS:], shares)}</div></div>"
    )


def _drawn(counts: Float[ndarray, " classes"]) -> list[float]:
    """At most as many bars as can be told apart; of neighbours, their mean."""
    parts = np.array_split(counts, min(len(counts), WIDTH // 2))
    return [float(part.mean()) for part in parts]


def _class_shares(split: SplitLook) -> dict[str, float]:
    total = sum(split.class_counts.values()) or 1
    return {name: count / total for name, count in split.class_counts.items()}


def _class_rows(
    counts: dict[str, int], names: Sequence[str] | dict[str, int], line: dict[str, float]
) -> str:
    total = sum(counts.values()) or 1
    most = max(max(counts.values()) / total, *(line.get(name, 0.0) for name in names), 1e-12)
    rows = []
    for name in names:
        share = counts[name] / total
        mark = f'<i style="left:{100 * line[name] / most:.1f}%"></i>' if name in line else ""
        rows.append(
            f'<tr><th scope="row"><div>{escape(shortened(str(name), 48))}</div></th>'
            f'<td class="wide"><div class="bar"><b style="width:{100 * share / most:.1f}%"></b>'
            f"{mark}</div></td>"
            f"<td>{counts[name]:,}</td><td>{100 * share:.1f} %</td></tr>"
        )
    return f'<table class="classes"><tbody>{"".join(rows)}</tbody></table>'


def channel_table(channels: Sequence[tuple[float, float]]) -> str:
    """Mean and deviation of each channel on a scale from 0 to 1."""
    if not channels:
        return ""
    names = {1: ["grey"], 3: ["red", "green", "blue"]}.get(len(channels))
    rows = []
    for place, (mean, deviation) in enumerate(channels):
        left, right = max(0.0, mean - deviation), min(1.0, mean + deviation)
        name = names[place] if names else f"channel {place}"
        rows.append(
            f'<tr><th scope="row"><div>{name}</div></th><td class="wide"><div class="bar span">'
            f'<b style="left:{100 * left:.1f}%;width:{100 * (right - left):.1f}%"></b>'
            f'<i style="left:{100 * mean:.1f}%"></i></div></td>'
            f"<td>{mean:.3f}</td><td>± {deviation:.3f}</td></tr>"
        )
    heading = "<h3>Channels <small>mean and deviation, from 0 to 1</small></h3>"
    return f'{heading}<table class="classes"><tbody>{"".join(rows)}</tbody></table>'
