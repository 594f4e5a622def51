"""A head whose scores are not the classes that the data has.

Template's file: updates replace it. By the cross-entropies of the step whose targets are the
batch's own labels, so that a loss against something else (pairs of views, turns of an image) is
none of this. If one of several fits, the others are taken for meant.
"""

from collections.abc import Iterable
from typing import Any

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..look import Finding
from ..node import Node
from ..outputs import CrossEntropy


def find(evidence: Evidence) -> Iterable[Finding]:
    known = _classes(evidence.facts)
    if known is None:
        return
    name, classes = known
    labels = {t.untyped_storage().data_ptr() for _, t in evidence.witness.batch}
    losses = [
        loss
        for loss in evidence.trace.outputs.losses
        if loss.node.line and loss.target.untyped_storage().data_ptr() in labels
    ]
    if not losses or any(loss.classes == classes for loss in losses):
        return
    loss = losses[0]
    head = _head(evidence, loss)
    of = f" of {head.label} ({head.made or head.line})" if head else ""
    place = (head.made or head.line) if head else loss.node.line
    yield Finding(
        "wrong_head",
        Seriousness.WARNING,
        f"{place}: {loss.classes:,} scores{of} meet targets of {classes:,} classes in "
        f"{loss.node.line}",
        f"Build the head with facts.{name}.",
        tuple(dict.fromkeys(filter(None, (place, loss.node.line)))),
        tuple(node.number for node in (head, loss.node) if node),
    )


def _classes(facts: Any) -> tuple[str, int] | None:
    """What the data says, and where."""
    for name in ("num_classes", "vocab_size"):
        if isinstance(count := getattr(facts, name, None), int):
            return name, count
    names = getattr(facts, "class_names", None)
    return ("class_names", len(names)) if names else None


def _head(evidence: Evidence, loss: CrossEntropy) -> Node | None:
    """The last module with parameters that gives as many."""
    found = None
    for node in evidence.trace.root.walk():
        is_leaf = node.is_module and not any(one.is_module for one in node.inside)
        outputs = [shape for shape in node.outputs if loss.classes in shape[1:]]
        if is_leaf and node.parameters and outputs and node.number < loss.node.number:
            found = node
    return found
