"""Parameters that learn, and that no gradient reaches.

Template's file: updates replace it. In up to six training steps, since two networks may learn by
turns; what ``expected`` in module.py states is meant.
"""

from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..look import Finding

MOST = 5  # modules, a finding each
ADVICE = (
    "Find where the way from it to the loss is cut (detach, no_grad, argmax, an output that is not "
    'used), freeze it, or state in experiment/module.py: expected = {{"no_gradient": ["{}"]}}.'
)


def find(evidence: Evidence) -> Iterable[Finding]:
    unreached = evidence.witness.unreached(evidence.module)
    new = [unreached[name] for name in evidence.unstated(list(unreached))]
    names = evidence.short_names(new)
    called = {node.name: node for node in evidence.trace.root.walk() if node.is_module}
    modules = dict(evidence.module.named_modules())
    steps = evidence.witness.steps
    for name in names[:MOST]:
        module = name if name in modules else name.rpartition(".")[0]
        node = called.get(module)
        made = evidence.line_of(name)
        place = f"{made}: " if made else ""
        how = f"it is called in {node.line}" if node else "it is never called"
        times = f"{steps} training step{'s' * (steps != 1)}"
        text = f"{place}{name} learns nothing: no gradient reached it in {times}; {how}"
        lines = tuple(filter(None, (made, node.line if node else "")))
        numbers = (node.number,) if node else ()
        yield Finding("no_gradient", Seriousness.WARNING, text, ADVICE.format(name), lines, numbers)
    if len(names) > MOST:
        text = f"no gradient reached {len(names) - MOST:,} more: {', '.join(names[MOST:][:MOST])}"
        yield Finding("no_gradient", Seriousness.WARNING, text, ADVICE.format(names[MOST]))
