"""The same content under two labels: one of them is wrong, or both are right and it needs two.

Template's file: updates replace it. By the digests of content and label; no threshold. As
deepchecks' "conflicting labels".
"""

from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence, Position, so_many
from ..inspection import Finding
from .exact_duplicates import equal

ADVICE = "See which label is right, and leave the others out."


def find(evidence: Evidence) -> Iterable[Finding]:
    groups = [group for group in equal(evidence) if len(_labels(group, evidence)) > 1]
    if not groups:
        return
    text = so_many(len(groups), "examples are there more than once, with labels that differ")
    if _is_class(evidence, groups[0]):
        names = sorted({str(_look(evidence, position).label) for position in groups[0]})
        text += f", such as {_look(evidence, groups[0][0]).id}: {' and '.join(names[:4])}"
    yield evidence.grouped("two_labels", Seriousness.ERROR, text, ADVICE, groups)


def _labels(group: list[Position], evidence: Evidence) -> set[bytes]:
    digests = (_look(evidence, position).label_digest for position in group)
    return {digest for digest in digests if digest is not None}


def _look(evidence: Evidence, position: Position):
    return evidence.splits[position[0]].looks[position[1]]


def _is_class(evidence: Evidence, group: list[Position]) -> bool:
    return all(isinstance(_look(evidence, one).label, (str, int)) for one in group)
