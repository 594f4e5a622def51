"""The layer table: a row a module in the order of execution, equal neighbours once.

Template's file: updates replace it. Free of torch.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from .folding import folded, signatures_of
from .node import Node, shown

MOST = 40  # rows in a terminal; the page has all


@dataclass
class Row:
    """A row.

    Args:
        node: Of several equal ones the first.
        times: How many there are.
        depth: From 0 on.
        within: The name of the row above that it is in.
    """

    node: Node
    times: int
    depth: int
    within: str = ""


def rows_of(root: Node, deepest: int = 99) -> list[Row]:
    """Down to a depth."""
    return list(_rows(root, signatures_of(root), 0, deepest))


def fitting_rows(root: Node, most: int = MOST) -> list[Row]:
    """As deep as so many rows allow, and at least the outermost."""
    rows = rows_of(root, 0)
    for deepest in range(1, 12):
        deeper = rows_of(root, deepest)
        if len(deeper) > most or len(deeper) == len(rows):
            break
        rows = deeper
    return rows


def _rows(node: Node, signatures: dict[int, Hashable], depth: int, deepest: int) -> Iterator[Row]:
    modules = [one for one in node.inside if one.is_module]
    for fold in folded(modules, signatures):
        for one in fold.nodes:
            yield Row(one, fold.times, depth, node.name)
            if depth < deepest:
                yield from _rows(one, signatures, depth + 1, deepest)


def lines(root: Node) -> Iterator[str]:
    """The table for a terminal."""
    rows = fitting_rows(root)
    if not rows:
        return
    cells = [("", "output", "parameters", "multiply-adds", "made at"), *map(_cells, rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(5)]
    for name, output, parameters, cost, made in cells:
        yield (
            f"{name:{widths[0]}}  {output:{widths[1]}}  {parameters:>{widths[2]}}  "
            f"{cost:>{widths[3]}}  {made}"
        ).rstrip()


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    node = row.node
    times = f"{row.times} x " if row.times > 1 else ""
    name = node.name.removeprefix(f"{row.within}.") if row.within else node.name
    output = shown(node.outputs[0]) if node.outputs else ("failed" if node.failed else "-")
    output += f" and {len(node.outputs) - 1} more" if len(node.outputs) > 1 else ""
    marks = [f"{node.frozen:,} frozen" if node.frozen else "", "shared" if node.shared else ""]
    marked = ", ".join(filter(None, marks))
    parameters = f"{node.parameters:,}" + (f" ({marked})" if marked else "")
    label = f"{'  ' * row.depth}{times}{name} ({node.kind})"
    return label, output, parameters, f"{node.flops // 2:,}", node.made or node.line
