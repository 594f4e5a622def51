"""What is noted of the numbers that flow: how large they are, which units are silent, which losses.

Template's file: updates replace it.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .node import Node

SILENT = (nn.ReLU, nn.ReLU6)  # the modules that make zeros of what is below zero
OPERATIONS = ("relu", "relu6")


@dataclass
class Silent:
    """How many units of an activation gave zero for the whole batch.

    Args:
        node: The activation.
        silent: Units that did.
        units: All.
        each: How many values each unit had.
    """

    node: Node
    silent: int
    units: int
    each: int


@dataclass
class CrossEntropy:
    """A loss of which chance is known.

    Args:
        node: Its call.
        value: The mean loss.
        classes: How many scores each target has.
        target: The targets, to be found again in the batch.
    """

    node: Node
    value: float
    classes: int
    target: Tensor


@dataclass
class Outputs:
    """All of these, in the order of execution."""

    silent: list[Silent] = field(default_factory=list)
    losses: list[CrossEntropy] = field(default_factory=list)
    not_finite: list[Node] = field(default_factory=list)

    @torch.no_grad()
    def look(self, node: Node, module: nn.Module | None, output: Tensor) -> float | None:
        """The scale of an output; None where it has no numbers with a point."""
        output = output.detach()
        if not output.is_floating_point() or not output.numel():
            return None
        if isinstance(module, SILENT) or (module is None and node.name in OPERATIONS):
            self._count_silent(node, output)
        length = torch.linalg.vector_norm(output, dtype=torch.float64).item()
        if math.isnan(length) or (length == math.inf and _is_too_large(output, module)):
            self.not_finite.append(node)
        return length / math.sqrt(output.numel())

    def of_operation(self, node: Node, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        """Note a cross-entropy of class numbers."""
        if func is not F.cross_entropy or not isinstance(result, Tensor):
            return
        scores, target = args[:2] if len(args) > 1 else (args[0], kwargs.get("target"))
        if isinstance(target, Tensor) and not target.is_floating_point() and scores.ndim > 1:
            value = result.detach().float()
            if kwargs.get("reduction") == "none":
                value = value[target != kwargs.get("ignore_index", -100)]
            mean = value.mean().item() if kwargs.get("reduction") != "sum" else float("nan")
            self.losses.append(CrossEntropy(node, mean, scores.shape[1], target))

    def _count_silent(self, node: Node, output: Tensor) -> None:
        """By channels, which come second; of three axes, maybe last: where there are more."""
        axes = {1, 2} if output.ndim == 3 else {1}
        if output.ndim < 2:
            return
        counts = []
        for axis in axes:
            others = [place for place in range(output.ndim) if place != axis]
            silent = int((output == 0).all(dim=others[0]).sum()) if len(others) == 1 else 0
            if len(others) > 1:
                silent = int((output.abs().amax(dim=others) == 0).sum())
            units = output.shape[axis]
            counts.append((silent / max(units, 1), silent, units))
        share, silent, units = max(counts)
        if share:
            self.silent.append(Silent(node, silent, units, output.numel() // units))


def _is_too_large(output: Tensor, module: nn.Module | None) -> bool:
    """What is forbidden to an attention is minus infinity, and meant."""
    return module is not None and bool(output.isposinf().any())
