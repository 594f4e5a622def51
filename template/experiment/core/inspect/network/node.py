"""A module that was called, or an operation between modules: a node of the graph.

Template's file: updates replace it. Free of torch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

Shape = tuple[int, ...]
BATCH = 0  # the number of what everything begins with


@dataclass
class Node:
    """One call.

    Args:
        number: In the order of execution, from 1 on; ``BATCH`` is the batch.
        name: Of a module its path, such as ``model.stages.0``; of an operation what it is called.
        kind: The module's class; empty: an operation.
        line: The project's line that calls it.
        made: The project's line that made the module.
        inputs: The shapes of the tensors that came.
        outputs: The shapes of those that left.
        sources: The numbers of the nodes where these came from.
        inside: What was called within, in order.
        flops: Of products and convolutions, those within included; a multiply-add is two.
        scale: Root of the mean square of the first output; None: no numbers with a point.
        parameters: How many the module has, those within included.
        frozen: How many of them learn nothing.
        shared: How many of them another module, called before, has too.
        failed: Whether it did not return.
    """

    number: int
    name: str
    kind: str = ""
    line: str = ""
    made: str = ""
    inputs: list[Shape] = field(default_factory=list)
    outputs: list[Shape] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    inside: list["Node"] = field(default_factory=list)
    flops: int = 0
    scale: float | None = None
    parameters: int = 0
    frozen: int = 0
    shared: int = 0
    failed: bool = False

    @property
    def is_module(self) -> bool:
        return bool(self.kind)

    @property
    def label(self) -> str:
        """``model.head (Linear)``; an operation's own name."""
        if not self.kind:
            return self.name
        return f"{self.name} ({self.kind})" if self.name else self.kind

    def walk(self) -> Iterator["Node"]:
        """This one and all within, in the order of execution."""
        yield self
        for node in self.inside:
            yield from node.walk()


def shown(shape: Shape) -> str:
    """As Python writes it, since that is what a reader compares it with."""
    return str(tuple(shape))


def shown_all(shapes: list[Shape], most: int = 3) -> str:
    """The first few."""
    more = f" and {len(shapes) - most:,} more" if len(shapes) > most else ""
    return ", ".join(map(shown, shapes[:most])) + more
