"""Units of an activation that give zero for every example of the batch, at the start already.

Template's file: updates replace it. Nine in ten of a layer with at least 16 units, each with at
least 16 values: half of the units are silent by chance where all examples look alike, as after a
mean over an image, and of 16 such units 15 are with a chance of 1 in 4,000.
"""

from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..look import Finding
from ..node import Node

SHARE, UNITS, VALUES = 0.9, 16, 16
ADVICE = (
    "Look at the bias and the scale of the layer before it: what is below zero here passes no "
    "gradient, and may never learn."
)


def find(evidence: Evidence) -> Iterable[Finding]:
    if not evidence.is_new:
        return
    for found in evidence.trace.outputs.silent:
        enough = found.units >= UNITS and found.each >= VALUES
        if enough and found.silent >= SHARE * found.units:
            node = found.node
            before = _before(evidence, node.sources)
            place = before.made or before.line if before else node.made or node.line
            after = f", after {before.label}" if before else ""
            yield Finding(
                "dead_units",
                Seriousness.WARNING,
                f"{place}: {found.silent:,} of {found.units:,} units of {node.label}{after} give "
                "zero for the whole batch",
                ADVICE,
                tuple(filter(None, dict.fromkeys((place, node.line)))),
                (node.number,),
            )


def _before(evidence: Evidence, sources: list[int]) -> Node | None:
    """The module that gave what was silenced."""
    nodes = {node.number: node for node in evidence.trace.root.walk()}
    node = nodes.get(sources[0]) if sources else None
    return node if node is not None and node.is_module else None
