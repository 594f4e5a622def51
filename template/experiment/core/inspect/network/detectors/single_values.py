"""A normalisation of so few values that nothing of them is left.

Template's file: updates replace it. One value less its own mean is zero, whatever it was: a batch
norm in a batch of one (torch refuses that itself where it trains), a group, layer or instance norm
over a single number. Of two values only which is larger is left.
"""

from collections.abc import Iterable

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..look import Finding
from ..node import Node

FEWEST = 3


def find(evidence: Evidence) -> Iterable[Finding]:
    told: set[int] = set()
    for node, module in evidence.layers(_BatchNorm, _InstanceNorm, nn.GroupNorm, nn.LayerNorm):
        count = _values(node, module)
        if count is None or count >= FEWEST or id(module) in told:
            continue
        told.add(id(module))
        place = node.made or node.line
        values = "a single value, of which nothing is left" if count == 1 else f"{count} values"
        yield Finding(
            "single_values",
            Seriousness.WARNING,
            f"{place}: {node.label} normalises {values}; its input is {node.inputs[0]}",
            "Take larger batches, or normalise over more: groups, layers, positions.",
            tuple(filter(None, (node.made, node.line))),
            (node.number,),
        )


def _values(node: Node, module: nn.Module) -> int | None:
    """How many values have one mean; None: nothing is known, or means are those of before."""
    if not node.inputs or len(node.inputs[0]) < 2:
        return None
    shape = node.inputs[0]
    total = 1
    for size in shape:
        total *= size
    if isinstance(module, _BatchNorm):
        return total // max(shape[1], 1) if module.training else None
    if isinstance(module, _InstanceNorm):
        return total // max(shape[0] * shape[1], 1)
    if isinstance(module, nn.GroupNorm):
        return total // max(shape[0] * module.num_groups, 1)
    if isinstance(module, nn.LayerNorm):
        count = 1
        for size in module.normalized_shape:
            count *= size
        return count
    return None
