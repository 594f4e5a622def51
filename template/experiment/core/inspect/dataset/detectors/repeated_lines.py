"""Texts that say the same line again and again, such as the menu of a page or a stuck export.

Template's file: updates replace it. Over 30 % of a text's lines are equal to an earlier one, of ten
lines of three words and more: as Rae et al. 2021 (arXiv:2112.11446, "Gopher") leave out pages.
"""

from collections.abc import Iterable

from ..evidence import Evidence, share
from ..inspection import Finding

MOST_REPEATED = 0.3
LEAST_LINES = 10
ADVICE = "See what repeats: leave such texts out, or strip the lines that every page has."


def find(evidence: Evidence) -> Iterable[Finding]:
    marks, worst = {}, {}
    for split in evidence.of_kind("text", "tokens"):
        repeated = split.numbers("repeated lines")
        marks[split.name] = (repeated > MOST_REPEATED) & (split.numbers("lines") >= LEAST_LINES)
        worst[split.name] = -repeated
    what = f"texts repeat lines, more than {share(MOST_REPEATED)} of them"
    yield from evidence.odd("repeated_lines", what, ADVICE, marks, worst)
