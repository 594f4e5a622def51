"""Findings as they are told, whoever tells them: in which order, of how many, with which ids.

Template's file: updates replace it.
"""

from collections import Counter
from collections.abc import Sequence

from .inspection import Finding


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """The most serious first; of equals, as they were found."""
    return sorted(findings, key=lambda finding: -finding.seriousness)


def count_of(finding: Finding) -> int:
    """How many examples it concerns."""
    return finding.count or sum(map(len, finding.groups))


def ids_of(finding: Finding) -> list[str]:
    """The ids that it names, each once, in their order; with its split where two share one."""
    examples = dict.fromkeys((one.split, one.id) for group in finding.groups for one in group)
    often = Counter(name for _, name in examples)
    return [name if often[name] == 1 else f"{split}: {name}" for split, name in examples]
