"""The graph on the page: a row a call, in the order of execution, to be opened and closed.

Template's file: updates replace it. Free of torch. A row knows the numbers of all calls in it
(``data-n``), and where its inputs come from (``data-from``), from which graph_style.py's script
draws the connections; without it each row says so in words. Equal neighbours are told once.
"""

from collections.abc import Hashable
from html import escape
from itertools import groupby

from ..report.room import Budget, shortened
from .folding import Fold, folded, signatures_of
from .memory import counted
from .node import BATCH, Node, shown, shown_all

BYTES = 3_600_000  # of the page
VISIBLE = 60  # rows that are open at first, if the outermost ones allow it
NAME, LINE = 60, 80  # letters
SOURCES = 3  # in words
FEW, FEW_OF_STEP = 8, 3  # operations that are rows of their own


class Graph:
    """Makes the rows.

    Args:
        root: The step.
        marked: Numbers of nodes that findings are about.
    """

    def __init__(self, root: Node, marked: frozenset[int] = frozenset()) -> None:
        self.root, self.marked = root, marked
        self.signatures: dict[int, Hashable] = signatures_of(root)
        self.nodes = {node.number: node for node in root.walk()}
        self.parents = {one.number: node.number for node in root.walk() for one in node.inside}
        self.budget = Budget(BYTES)
        self.left_out = 0
        self.last: dict[int, int] = {}
        _find_ends(root, self.last)
        self.open = _opened(self._counts())

    def html(self, batch: str) -> str:
        """All rows; the first is the batch.

        Args:
            batch: Its tensors, in words.
        """
        first = (
            f'<div class="row" data-n="{BATCH} {BATCH}"><span class="all"><b>batch</b> '
            f"{escape(shortened(batch, 300))}</span></div>"
        )
        rows = self._inside(self.root, 0, "", FEW_OF_STEP)
        left = (
            f'<p class="remark">The page has no room for {self.left_out:,} more rows.</p>'
            if self.left_out
            else ""
        )
        return f'<div class="graph"><svg aria-hidden="true"></svg>{first}{rows}</div>{left}'

    def _inside(self, node: Node, depth: int, within: str, few: int) -> str:
        """The rows in a node; of many operations one after the other, a row about them."""
        html: list[str] = []
        folds = folded(node.inside, self.signatures)
        for is_module, run in groupby(folds, lambda fold: any(n.is_module for n in fold.nodes)):
            together = list(run)
            inner = depth if is_module or len(together) <= few else depth + 1
            rows = "".join(self._fold(fold, inner, within) for fold in together)
            html.append(rows if inner == depth else self._operations(together, rows))
        return "".join(html)

    def _operations(self, folds: list[Fold], rows: str) -> str:
        nodes = [node for fold in folds for node in fold.all]
        is_open = " open" if any(self._leads_to_mark(node) for node in nodes) else ""
        lines = list(dict.fromkeys(node.line for node in nodes if node.line))
        more = f" and {len(lines) - 1:,} more" if len(lines) > 1 else ""
        place = escape(shortened(lines[0] + more, LINE)) if lines else ""
        return (
            f'<details{is_open} data-n="{nodes[0].number} {self.last[nodes[-1].number]}" '
            f'class="fold"><summary class="row op"><span class="what">{len(nodes):,} operations'
            f'</span><span class="sizes"></span><span></span><span></span>'
            f'<span class="id">{place}</span></summary>{rows}</details>'
        )

    def _fold(self, fold: Fold, depth: int, within: str) -> str:
        """Equal neighbours as one; of several kinds that come again together, a row about them."""
        if len(fold.nodes) == 1:
            return self._row(fold.nodes[0], depth, within, fold.times, fold.all[-1].number)
        rows = "".join(self._row(node, depth + 1, within) for node in fold.nodes)
        kinds = ", ".join(dict.fromkeys(node.kind or node.name for node in fold.nodes))
        span = f"{fold.all[0].number} {self.last[fold.all[-1].number]}"
        words = f"<b>{fold.times} x</b> ({escape(shortened(kinds, 120))})"
        return (
            f'<details open data-n="{span}" class="fold"><summary class="row">'
            f'<span class="what">{words}</span></summary>{rows}</details>'
        )

    def _row(
        self, node: Node, depth: int, within: str, times: int = 1, last: int | None = None
    ) -> str:
        head = self._head(node, within, times)
        sources = " ".join(map(str, node.sources))
        data = f'data-n="{node.number} {self.last[last or node.number]}" data-from="{sources}"'
        if not self.budget.takes(head + data):
            self.left_out += 1
            return ""
        kind = ("" if node.is_module else " op") + (" failed" if node.failed else "")
        kind += " marked" if node.number in self.marked else ""
        if not node.inside:
            return f'<div class="row{kind}" {data}>{head}</div>\n'
        inside = self._inside(node, depth + 1, node.name or within, FEW)
        is_open = " open" if depth < self.open or self._leads_to_mark(node) else ""
        return (
            f'<details{is_open} {data}><summary class="row{kind}">{head}</summary>'
            f"{inside}</details>\n"
        )

    def _head(self, node: Node, within: str, times: int) -> str:
        often = f"<b>{times} x</b> " if times > 1 else ""
        name = node.name.removeprefix(f"{within}.") if within else node.name
        label = f"<b>{escape(shortened(name, NAME))}</b> " if name else ""
        kind = f"<i>{escape(shortened(node.kind, NAME))}</i>" if node.kind else ""
        sizes = _sizes(node)
        numbers = f"{node.parameters:,}" if node.parameters else ""
        marks = [f"{node.frozen:,} frozen" if node.frozen else "", "shared" if node.shared else ""]
        numbers += "".join(f" <small>{mark}</small>" for mark in marks if mark)
        cost = counted(node.flops / 2) if node.flops else ""
        line = escape(shortened(node.made or node.line, LINE))
        return (
            f'<span class="what">{often}{label}{kind}{self._from(node)}</span>'
            f'<span class="sizes">{sizes}</span>'
            f'<span class="number" title="parameters">{numbers}</span>'
            f'<span class="number" title="multiply-adds">{cost}</span>'
            f'<span class="id">{line}</span>'
        )

    def _from(self, node: Node) -> str:
        """Where its inputs come from, in words."""
        known = [number for number in node.sources if number == BATCH or number in self.nodes]
        parent = self.parents[node.number]
        names = ["what comes in" if s == parent else self._name(s) for s in known[:SOURCES]]
        more = len(known) - len(names)
        names += [f"{more} more"] if more > 0 else []
        return f'<small class="from">from {escape(", ".join(names))}</small>' if names else ""

    def _name(self, number: int) -> str:
        if number == BATCH:
            return "batch"
        node = self.nodes[number]
        return shortened(node.name or node.kind, 40)

    def _leads_to_mark(self, node: Node) -> bool:
        if not self.marked and not node.failed:
            return False
        return any(one.failed or one.number in self.marked for one in node.walk())

    def _counts(self) -> list[int]:
        """How many rows there are at each depth."""
        counts: list[int] = []

        def visit(node: Node, depth: int) -> None:
            for fold in folded(node.inside, self.signatures):
                for one in fold.nodes:
                    counts.extend([0] * (depth + 1 - len(counts)))
                    counts[depth] += 1
                    visit(one, depth + 1)

        visit(self.root, 0)
        return counts


def _opened(counts: list[int]) -> int:
    """To which depth rows are open at first."""
    total = 0
    for depth, count in enumerate(counts):
        total += count
        if total > VISIBLE:
            return max(depth - 1, 1)
    return len(counts)


def _find_ends(node: Node, last: dict[int, int]) -> int:
    """The number of the last call in each, which is always one of its last child's."""
    end = node.number
    for child in node.inside:
        end = max(end, _find_ends(child, last))
    last[node.number] = end
    return end


def _sizes(node: Node) -> str:
    if node.failed:
        return f'<b class="failed">failed</b> of {escape(shown_all(node.inputs))}'
    if not node.outputs:
        return ""
    more = len(node.outputs) - 1
    return escape(shown(node.outputs[0])) + (f" <small>and {more} more</small>" if more else "")
