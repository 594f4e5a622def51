"""How many parameters there are, by module and in all; those that are shared count once.

Template's file: updates replace it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from torch import nn

from .node import Node
from .trace import Trace


@dataclass
class Parameters:
    """Of a whole network.

    Args:
        total: All, each once.
        frozen: Those of them that learn nothing.
        bytes: Of all.
        learning_bytes: Of those that learn, which their gradients take as well.
        shared: Names of one parameter: the first, and the others.
        never_called: Modules with parameters that the step called none of.
    """

    total: int = 0
    frozen: int = 0
    bytes: int = 0
    learning_bytes: int = 0
    shared: list[tuple[str, list[str]]] = field(default_factory=list)
    never_called: list[str] = field(default_factory=list)

    @property
    def learning(self) -> int:
        return self.total - self.frozen


def count(root: nn.Module) -> Parameters:
    """Of a module and all within."""
    found, names = Parameters(), {}
    for name, parameter in root.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    for parameter in _known(root):
        found.total += parameter.numel()
        found.bytes += parameter.nbytes
        found.frozen += 0 if parameter.requires_grad else parameter.numel()
        found.learning_bytes += parameter.nbytes if parameter.requires_grad else 0
    found.shared = [(first, others) for first, *others in names.values() if others]
    return found


def count_by_module(trace: Trace) -> None:
    """Tell each call of a module how many it has, and how many of them came before."""
    known: dict[int, dict[int, nn.Parameter]] = {}
    seen: dict[int, int] = {}  # a parameter, and the module that had it first
    for node in trace.root.walk():
        module = trace.modules.get(node.number)
        if module is None:
            continue
        own = known.setdefault(id(module), {id(p): p for p in _known(module)})
        node.parameters = sum(parameter.numel() for parameter in own.values())
        node.frozen = sum(p.numel() for p in own.values() if not p.requires_grad)
        for parameter in _known(module, recurse=False):
            first = seen.setdefault(id(parameter), id(module))
            if first != id(module):
                node.shared += parameter.numel()
    _add_shared(trace.root)


def never_called(root: nn.Module, trace: Trace) -> list[str]:
    """Names of the modules with parameters of which no part was called; of these the outermost."""
    called = {id(module) for module in trace.modules.values()}
    within = {id(part) for number in trace.modules for part in trace.modules[number].modules()}
    return list(_uncalled(root, "", called, within))


def _uncalled(module: nn.Module, name: str, called: set[int], within: set[int]) -> Iterable[str]:
    for child_name, child in module.named_children():
        path = f"{name}.{child_name}" if name else child_name
        if id(child) in called or not any(True for _ in child.parameters()):
            continue
        if any(id(part) in called for part in child.modules()):
            yield from _uncalled(child, path, called, within)
        elif id(child) not in within:
            yield path


def _add_shared(node: Node) -> int:
    node.shared += sum(map(_add_shared, node.inside))
    return node.shared


def _known(module: nn.Module, recurse: bool = True) -> list[nn.Parameter]:
    """But for lazy ones, of which nobody knows the size."""
    return [p for p in module.parameters(recurse) if not nn.parameter.is_lazy(p)]
