"""``Shape:`` sections of docstrings that part from the tensors that really flowed.

Template's file: updates replace it. See ../documented.py; an axis that nobody has named parts from
nothing.
"""

from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..look import Finding

ADVICE = "Mend the docstring, or what comes."


def find(evidence: Evidence) -> Iterable[Finding]:
    for held in evidence.witness.documented.found:
        if not held.agrees:
            yield Finding(
                "documented_shapes",
                Seriousness.WARNING,
                f"{held.line}: {held.sentence}",
                ADVICE,
                (held.line,),
                (held.number,) if held.number else (),
            )
