"""A shortcut: one property, such as the size or the file's format, predicts the class by itself.

Template's file: updates replace it. Naive Bayes on ranges of the property, in five folds of the
training examples, gets right more than ``LEAST_SKILL`` of what guessing the most frequent class
gets wrong. After Datalab's "spurious correlations" (0.3, of other measures, and with a baseline
that is an index); half, since brightness and size may well be part of what a class is.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..evidence import Evidence, share
from ..inspection import Finding
from ..naive_bayes import in_ranges, skill, some
from ..reading import SplitRead

LEAST_SKILL = 0.5
LEAST_EXAMPLES = 50
LEAST_OF_CLASS = 5
ADVICE = "A model will learn it instead of what you mean: take it away, or spread it over classes."
TEXT = ("length", "capitals", "digits", "letters", "distinct words")
IMAGE = {
    "brightness": "the brightness",
    "contrast": "the contrast",
    "colour": "how much colour there is",
    "edges": "the strength of edges",
    "border": "the border",
}


def find(evidence: Evidence) -> Iterable[Finding]:
    split = evidence.splits.get("train")
    classes = None if split is None else _classes(split)
    if split is None or classes is None:
        return
    usable = np.flatnonzero((classes >= 0) & split.readable)
    usable = usable[some(len(usable))] if len(usable) else usable
    names, numbers = np.unique(classes[usable], return_inverse=True)
    if len(usable) < LEAST_EXAMPLES or len(names) < 2:
        evidence.skip(f"shortcut: {len(usable)} training examples with a class are too few")
        return
    found = []
    for name, column in properties(split):
        if len(np.unique(column[usable])) < 2:
            continue
        score = skill(in_ranges(column[usable]), numbers, evidence.seed)
        if score >= LEAST_SKILL:
            found.append((score, name))
    for score, name in sorted(found, reverse=True)[:3]:
        text = f"{name} alone predicts the class: right for {share(score)} of what guessing misses"
        yield Finding("shortcut", Seriousness.WARNING, text, ADVICE)


def properties(split: SplitRead) -> Iterable[tuple[str, NDArray[np.float32]]]:
    """What a class should not hang on, of each example."""
    if split.kind == "image":
        width, height = split.numbers("width"), split.numbers("height")
        yield "the size of an image", width * height
        yield "the aspect ratio", width / height
        yield from ((words, split.numbers(name)) for name, words in IMAGE.items())
        for name in ("format", "mode"):
            values = np.unique(split.words(name), return_inverse=True)[1]
            yield f"the file's {name}", values.astype(np.float32)
    elif split.kind in ("text", "tokens"):
        yield from ((f"the {name} of a text", split.numbers(name)) for name in TEXT)


def _classes(split: SplitRead) -> NDArray[np.int64] | None:
    """Class numbers, -1 of what has none or is rare; None where nothing has one."""
    names = [name if name is not None else "" for name in split.classes]
    if not any(names):
        return None
    found, numbers, counts = np.unique(names, return_inverse=True, return_counts=True)
    usual = (counts >= LEAST_OF_CLASS) & (found != "")
    return np.where(usual[numbers], numbers, -1)
