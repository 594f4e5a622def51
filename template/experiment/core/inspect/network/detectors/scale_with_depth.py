"""Activations or gradients that vanish or explode on their way through the layers.

Template's file: updates replace it. The last quarter of the layers against the first, by their
medians, so that a head that starts from zero and branches that start small (LayerScale 1e-6) are no
trend. 10,000-fold of activations and a million-fold of gradients: networks that train well stay
within a hundred. Also, whatever its depth, the first output that is not a number, if the loss or a
gradient is none either.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from torch import nn
from torch.nn.modules.conv import _ConvNd

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..look import Finding
from ..node import Node

LAYERS = 6  # fewest
OF_ACTIVATIONS, OF_GRADIENTS = 1e4, 1e6
ADVICE = (
    "Look at how the weights are drawn (their deviation should be about 1 / sqrt(inputs)), or let "
    "a normalisation or a residual connection keep the scale."
)


def find(evidence: Evidence) -> Iterable[Finding]:
    for node in evidence.trace.outputs.not_finite[:1] if _spoils(evidence) else ():
        yield Finding(
            "scale_with_depth",
            Seriousness.ERROR,
            f"{node.made or node.line}: {node.label} is the first whose output is not a number",
            "Look at what comes in there: a division by zero, a logarithm, numbers too large.",
            tuple(filter(None, (node.made, node.line))),
            (node.number,),
        )
    if not evidence.is_new:
        return
    layers = _layers(evidence)
    scales = [(node, node.scale) for node, _ in layers if node.scale is not None]
    yield from _trend(scales, OF_ACTIVATIONS, "activations", ("shrink", "grow"))
    gradients = [(node, evidence.witness.gradients.get(name, 0.0)) for node, name in layers]
    known = [(node, scale) for node, scale in gradients if scale > 0]
    yield from _trend(known[::-1], OF_GRADIENTS, "gradients", ("vanish", "explode"))


def _spoils(evidence: Evidence) -> bool:
    """Whether it reaches what is learned from; a NaN may be masked, and meant."""
    witness = evidence.witness
    values = [0.0 if witness.loss is None else witness.loss, *witness.gradients.values()]
    return not all(map(math.isfinite, values))


def _layers(evidence: Evidence) -> list[tuple[Node, str]]:
    """Each layer with a matrix, at its first call, and the name of that."""
    found = {}
    for node, module in evidence.layers(nn.Linear, _ConvNd):
        found.setdefault(id(module), (node, f"{node.name}.weight"))
    return list(found.values())


def _trend(
    scales: Sequence[tuple[Node, float]], limit: float, what: str, verbs: tuple[str, str]
) -> Iterable[Finding]:
    if len(scales) < LAYERS:
        return
    quarter = max(2, len(scales) // 4)
    first = median(scale for _, scale in scales[:quarter])
    last = median(scale for _, scale in scales[-quarter:])
    if not (first > 0 and math.isfinite(first) and math.isfinite(last)):
        return
    grows = last > first
    factor = last / first if grows else first / max(last, 1e-300)
    if factor < limit:
        return
    node = _turn(scales, grows)
    way = "from the last to the first" if what == "gradients" else "from the first to the last"
    yield Finding(
        "scale_with_depth",
        Seriousness.WARNING,
        f"{node.made or node.line}: {what} {verbs[grows]} {factor:.0e}-fold through "
        f"{len(scales)} layers, {way} ({first:.2g} to {last:.2g}); most at {node.label}",
        ADVICE,
        tuple(filter(None, (node.made, node.line))),
        (node.number,),
    )


def _turn(scales: Sequence[tuple[Node, float]], grows: bool) -> Node:
    """The layer at which it changes most."""
    logs = [math.log(max(scale, 1e-300)) for _, scale in scales]
    steps = [b - a for a, b in pairwise(logs)]
    place = max(range(len(steps)), key=lambda i: steps[i] if grows else -steps[i])
    return scales[place + 1][0]
