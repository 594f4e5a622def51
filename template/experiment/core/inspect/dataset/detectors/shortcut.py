"""A shortcut: one property, such as the size or the file's format, predicts the class by itself.

Template's file: updates replace it. Naive Bayes on ranges of the property, in five folds of the
training examples, gets right more than ``LEAST_SKILL`` of what guessing the most frequent class
gets wrong: a quarter, about what deepchecks' "property label correlation" and Datalab's "spurious
correlations" ask for (0.3 of other measures, the latter with a baseline that is an index); and more
than guessing does by four deviations, which in small sets is more.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..evidence import Evidence, share
from ..inspection import Finding
from ..naive_bayes import in_ranges, skill, some
from ..reading import SplitRead

LEAST_SKILL = 0.25
DEVIATIONS = 4.0
LEAST_EXAMPLES = 50
LEAST_OF_CLASS = 5
ADVICE = "A model will learn it instead of what you mean: take it away, or spread it over classes."
TEXT = ("length", "capitals", "digits", "letters", "distinct words")
COLOURS = ("red", "green", "blue")
IMAGE = {
    "brightness": "the brightness",
    "brightness of the darkest": "the brightness of the darkest part",
    "brightness of the lightest": "the brightness of the lightest part",
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
    guessed = np.bincount(numbers).max() / len(numbers)  # right, by the most frequent class
    chance = np.sqrt(guessed / (1 - guessed) / len(numbers))  # deviation of a skill
    least = max(LEAST_SKILL, DEVIATIONS * float(chance))
    found = []
    for name, column in properties(split):
        if len(np.unique(column[usable])) < 2:
            continue
        score = skill(in_ranges(column[usable]), numbers, evidence.seed)
        if score > least:
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
        shares = {colour: split.numbers(colour) for colour in COLOURS}
        total = np.maximum(sum(shares.values()), 1e-6)
        yield from ((f"the share of {colour}", part / total) for colour, part in shares.items())
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
