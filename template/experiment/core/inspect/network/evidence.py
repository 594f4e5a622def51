"""What detectors look at.

Template's file: updates replace it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytorch_lightning as pl
from torch import nn

from .made_at import made_at
from .node import Node
from .step import StepWitness
from .trace import Trace


@dataclass
class Evidence:
    """A step that went through, and what is known beside it.

    Args:
        module: The LightningModule.
        witness: What the step showed.
        trace: The same, of its graph.
        facts: What the data tells the model.
        is_new: Whether the weights are those of a start: not of a run, nor published ones.
        unstated: Of names of parameters without gradient those that are not stated as meant.
        short_names: Of parameters the fewest names that say which.
        skipped: A line for each thing that cannot be known.
    """

    module: pl.LightningModule
    witness: StepWitness
    trace: Trace
    facts: Any
    is_new: bool
    unstated: Callable[[Sequence[str]], list[str]]
    short_names: Callable[[Sequence[nn.Parameter]], list[str]]
    skipped: list[str] = field(default_factory=list)

    def line_of(self, name: str) -> str:
        """The line that made a module, or the module of a parameter."""
        modules = dict(self.module.named_modules())
        while name and name not in modules:
            name = name.rpartition(".")[0]
        return made_at(modules[name]) if name else ""

    def layers(self, *kinds: type[nn.Module]) -> list[tuple[Node, nn.Module]]:
        """Calls of modules of such kinds, in the order of execution."""
        modules = self.trace.modules
        found = [(n, modules[n.number]) for n in self.trace.root.walk() if n.number in modules]
        return [(node, module) for node, module in found if isinstance(module, kinds)]
