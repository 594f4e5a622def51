"""A split on the page: its numbers, and examples as they are and as the model gets them.

Template's file: updates replace it.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from torch import Tensor

from ...data.datasets import base_of, labels_of
from ...data.samples import BoxSample, MaskSample, TextSample
from ..report.room import Budget, shortened
from .augmented import Examples, in_short, look_at
from .charts import channel_table, class_chart, histogram, only_value, spaced
from .inspection import Inspection, SplitLook
from .raw_examples import as_they_lie
from .thumbnails import caption_of, thumbnail

RANDOM = 12  # examples of a split's random page
RAREST, OF_EACH = 4, 3  # classes, and examples of each
SPLITS = 8  # with pictures; of more the numbers alone
FACTS, LETTERS = 24, 300  # lines of what and how much, and of a line
PROPERTIES = 24


def split_sections(inspection: Inspection, datamodule: Any, seed: int, budget: Budget) -> str:
    """All splits; each gets its share of the room for pictures."""
    count, html = len(inspection.splits), []
    for place in range(count):
        before = budget.left // max(1, min(SPLITS, count) - place)
        share = Budget(before)
        html.append(
            _section(inspection, place, datamodule, seed, share if place < SPLITS else None)
        )
        budget.left -= before - share.left
    return "\n".join(html)


def anchor(place: int) -> str:
    """The name of a split's place on the page; a split itself may be called anything."""
    return f"split-{place}"


def _section(
    inspection: Inspection, place: int, datamodule: Any, seed: int, budget: Budget | None
) -> str:
    split, first = inspection.splits[place], inspection.splits[0]
    training = first if place else None
    count = "a stream" if split.count is None else f"{split.count:,} examples"
    part = len(split.indices)
    looked = f", {part:,} of them looked at" if part != split.count else ""
    lines = "".join(f"<li>{escape(shortened(line, LETTERS))}</li>" for line in split.facts[:FACTS])
    facts = f'<ul class="facts">{lines}</ul>' if lines else ""
    numbers = [class_chart(split, training), _properties(inspection, split, training)]
    numbers.append(channel_table(split.channels))
    legend = ""
    if training is not None and (split.class_counts or split.properties):
        legend = f'<p class="legend"><i></i>the same of {escape(shortened(first.name, 40))}</p>'
    charts = "".join(filter(None, numbers))
    card = f'<div class="card">{charts}{legend}</div>' if charts else ""
    return (
        f'<section id="{anchor(place)}"><h2>{escape(shortened(split.name, 60))}'
        f"<small>{count}{looked}</small></h2>"
        f"{facts}{card}"
        f"{'' if budget is None else _pictures(split, datamodule, seed, budget)}</section>"
    )


def _properties(inspection: Inspection, split: SplitLook, training: SplitLook | None) -> str:
    """A histogram each, but for what is the same everywhere, which takes no drawing."""
    charts, alike = [], []
    for one in split.properties[:PROPERTIES]:
        same = [
            other for s in inspection.splits for other in s.properties if other.name == one.name
        ]
        if (value := only_value(same)) is not None:
            alike.append(escape(shortened(f"{spaced(one.name)} {value} {one.unit}".strip(), 60)))
            continue
        of_training = None if training is None else training.properties
        beside = next((other for other in of_training or () if other.name == one.name), None)
        charts.append(histogram(one, same, beside))
    drawn = f'<div class="charts">{"".join(charts)}</div>' if charts else ""
    words = f'<p class="remark">the same of all: {"; ".join(alike)}</p>' if alike else ""
    return f"<h3>Properties</h3>{drawn}{words}" if drawn or words else ""


def _pictures(split: SplitLook, datamodule: Any, seed: int, budget: Budget) -> str:
    """A random page of examples, and those of the rarest classes."""
    html = []
    try:
        found = look_at(datamodule, split.name, random_page(split, seed))
        title = f"At random <small>as they are, and as the model gets them; seed {seed}</small>"
        if not found.after:
            title = f"At random <small>seed {seed}</small>"
        found.before = as_they_lie(datamodule, split.name, found)
        html.append(f"<h3>{title}</h3>{_pairs(found, split, budget)}")
        for name, indices in rarest(split, datamodule):
            found = look_at(datamodule, split.name, indices, after=False)
            found.before = as_they_lie(datamodule, split.name, found)
            title = (
                f"Rare: {escape(shortened(name, 60))} <small>{split.class_counts[name]:,}</small>"
            )
            html.append(f"<h3>{title}</h3>{_pairs(found, split, budget)}")
    except Exception as error:  # of the researcher's datasets and transforms: the numbers remain
        html.append(_remark(f"examples cannot be shown: {in_short(error)}"))
    return "".join(html)


def random_page(split: SplitLook, seed: int) -> list[int]:
    """The examples that a seed turns to, in their order."""
    known = split.indices or range(RANDOM if split.count is None else split.count)
    drawn = np.random.default_rng([seed, len(known)]).permutation(len(known))[:RANDOM]
    return [known[place] for place in sorted(drawn.tolist())]


def rarest(split: SplitLook, datamodule: Any) -> list[tuple[str, list[int]]]:
    """The rarest classes, where examples have one each, with their first examples.

    Only where some are really rarer than others: below half of an even share.
    """
    dataset = datamodule.examples(split.name)
    labels = labels_of(dataset)
    names: Any = getattr(base_of(dataset)[0], "class_names", None)
    if labels is None or not names or split.counted != "examples":
        return []
    there = {name: count for name, count in split.class_counts.items() if count}
    even = sum(there.values()) / max(1, len(there))
    rare = sorted((n for n in there if there[n] < even / 2), key=lambda name: there[name])
    numbers = {str(name): number for number, name in enumerate(names)}
    return [
        (name, (labels == numbers[name]).nonzero()[:OF_EACH, 0].tolist())
        for name in rare[:RAREST]
        if name in numbers
    ]


def _pairs(found: Examples, split: SplitLook, budget: Budget) -> str:
    after = list(found.after) or [None] * len(found.before)
    indices: Sequence[Any] = found.indices
    if len(indices) != len(found.before):  # preview's own choice
        indices = [None] * len(found.before)
    names = dict(zip(split.indices, split.ids, strict=False))
    sizes = _sizes(split)
    cards = [
        _pair(
            _named(index, names), "" if index is None else sizes.get(index, ""), one, other, budget
        )
        for index, one, other in zip(indices, found.before, after, strict=True)
    ]
    remarks = "".join(map(_remark, found.remarks))
    return f'<div class="{_layout(found.before)}">{"".join(cards)}</div>{remarks}'


def _layout(samples: Sequence[Any]) -> str:
    """How much room an example takes: names in it are read, and masks stand beside their image."""
    if any(isinstance(one, MaskSample) for one in samples):
        return "pairs broad stacked"
    return (
        "pairs broad"
        if any(isinstance(one, TextSample | BoxSample) for one in samples)
        else "pairs"
    )


def _sizes(split: SplitLook) -> dict[int, str]:
    """How large each image is in its file."""
    sides = [one.values for one in split.properties if one.name in ("width", "height")]
    if len(sides) != 2:
        return {}
    return {
        index: f"{width:.0f}x{height:.0f}"
        for index, width, height in zip(split.indices, *sides, strict=True)
        if np.isfinite(width)
    }


def _named(index: int | None, names: dict[int, str]) -> str:
    return "" if index is None else names.get(index) or f"example {index}"


def _pair(name: str, size: str, one: Any, other: Any, budget: Budget) -> str:
    label = caption_of(one)
    alt = f"{label or 'example'} {name}".strip()
    if other is None:
        pictures = f'<div class="one">{thumbnail(one, alt, budget)}</div>'
    else:
        pictures = (
            f"<div><div><small>as it is</small>{thumbnail(one, alt, budget)}</div>"
            f"<div><small>to the model</small>{thumbnail(other, f'{alt}, augmented', budget)}</div>"
            "</div>"
        )
    words = f"<b>{escape(shortened(label, 80))}</b> " if label else ""
    place = f'<span class="id">{escape(shortened(name, 70))}</span>'
    return (
        f'<figure class="pair">{pictures}<figcaption>{words}{place}{_both_sizes(size, other)}'
        "</figcaption></figure>"
    )


def _both_sizes(size: str, other: Any) -> str:
    """How large an image is, and what of that a model gets."""
    image = getattr(other, "image", None)
    if not size:
        return ""
    if not isinstance(image, Tensor) or image.ndim != 3:
        return f"<br>{size}"
    return f"<br>{size}, to the model {image.shape[2]}x{image.shape[1]}"


def _remark(text: str) -> str:
    return f'<p class="remark">{escape(shortened(text, 300))}</p>'
