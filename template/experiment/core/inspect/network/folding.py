"""Equal neighbours, told once: ``12 x Block``, or three layers that come again and again.

Template's file: updates replace it. Free of torch.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from .node import Node

LONGEST = 8  # of what comes again
FEWEST = 3  # times; two equal layers may stand for themselves


class Fold(NamedTuple):
    """Neighbours that are told once.

    Args:
        nodes: The first of each.
        times: How often they come.
        all: Every node, the first ones as well.
    """

    nodes: list[Node]
    times: int
    all: list[Node]


def folded(nodes: Sequence[Node], signatures: dict[int, Hashable]) -> Iterator[Fold]:
    """The nodes in their order.

    Args:
        nodes: Siblings.
        signatures: Of all nodes; see ``signatures_of``.
    """
    keys = [signatures[node.number] for node in nodes]
    place = 0
    while place < len(nodes):
        period, times = _longest(keys, place)
        end = place + period * times
        yield Fold(list(nodes[place : place + period]), times, list(nodes[place:end]))
        place = end


def _longest(keys: list[Hashable], place: int) -> tuple[int, int]:
    """What comes again from here on: how many nodes, how often; of equals the shortest."""
    best = (1, 1)
    for period in range(1, min(LONGEST, (len(keys) - place) // FEWEST) + 1):
        start, end = place, place + period
        while keys[start : start + period] == keys[end : end + period]:
            end += period
        times = (end - place) // period
        if times >= FEWEST and times * period > best[0] * best[1]:
            best = (period, times)
    return best


def signatures_of(root: Node) -> dict[int, Hashable]:
    """What nodes have in common that are told once; a number stands for each."""
    numbers: dict[Hashable, int] = {}
    found: dict[int, Hashable] = {}

    def visit(node: Node) -> int:
        inside = tuple(visit(child) for child in node.inside)
        what = node.kind or node.name
        shapes = tuple(node.inputs), tuple(node.outputs)
        counts = node.parameters, node.frozen, node.flops, node.failed
        key = (what, shapes, counts, inside)
        found[node.number] = numbers.setdefault(key, len(numbers))
        return numbers[key]

    visit(root)
    return found
