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
from ..properties import properties
from ..reading import SplitRead

LEAST_SKILL = 0.25
DEVIATIONS = 4.0
LEAST_EXAMPLES = 50
LEAST_OF_CLASS = 5
ADVICE = "A model will learn it instead of what you mean: take it away, or spread it over classes."


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
    if found:
        (score, name), *others = sorted(found, reverse=True)[:3]
        text = f"{name} alone predicts the class: right for {share(score)} of what guessing misses"
        for score, name in others:
            text += f", {name} for {share(score)}"
        yield Finding("shortcut", Seriousness.WARNING, text, ADVICE)


def _classes(split: SplitRead) -> NDArray[np.int64] | None:
    """Class numbers, -1 of what has none or is rare; None where nothing has one."""
    names = [name if name is not None else "" for name in split.classes]
    if not any(names):
        return None
    found, numbers, counts = np.unique(names, return_inverse=True, return_counts=True)
    usual = (counts >= LEAST_OF_CLASS) & (found != "")
    return np.where(usual[numbers], numbers, -1)
