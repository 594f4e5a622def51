"""A layer that has nearly all the parameters.

Template's file: updates replace it. More than 80 %, of at least five layers, and no table of words
nor what shares it: VGG-16, of which it is often said, has 74 % in one.
"""

from collections.abc import Iterable

from torch import nn

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..look import Finding

SHARE, LAYERS, FEWEST = 0.8, 5, 100_000
ADVICE = (
    "If it follows a flatten, a mean over the positions before it takes all of them but a few; "
    "else see that its sizes are meant."
)


def find(evidence: Evidence) -> Iterable[Finding]:
    parameters = list(evidence.module.named_parameters())
    total = sum(parameter.numel() for _, parameter in parameters)
    layers = [
        (name, module, sum(p.numel() for p in module.parameters(recurse=False)))
        for name, module in evidence.module.named_modules()
    ]
    layers = [layer for layer in layers if layer[2]]
    if len(layers) < LAYERS or total < FEWEST:
        return
    tables = {id(m.weight) for _, m, _ in layers if isinstance(m, nn.Embedding | nn.EmbeddingBag)}
    name, module, count = max(layers, key=lambda layer: layer[2])
    if count <= SHARE * total or any(id(p) in tables for p in module.parameters(recurse=False)):
        return
    made = evidence.line_of(name)
    place = f"{made}: " if made else ""
    numbers = [node.number for node, one in evidence.layers(type(module)) if one is module]
    yield Finding(
        "one_layer",
        Seriousness.NOTE,
        f"{place}{name} ({type(module).__name__}) has {count:,} of all {total:,} parameters, "
        f"{count / total:.0%}",
        ADVICE,
        (made,) if made else (),
        tuple(numbers[:1]),
    )
