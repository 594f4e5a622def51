"""A forward pass that failed: in which module, and which shapes met there.

Template's file: updates replace it. Read from the traceback alone, so that nothing has to be
watched for it beforehand.
"""

import ast
import inspect
import linecache
from collections.abc import Iterator
from traceback import walk_tb
from types import FrameType, TracebackType
from typing import Any, NamedTuple

import pytorch_lightning as pl
from torch import Tensor, nn

from .node import Shape, shown
from .source_lines import is_own, line_of
from .tensors import tensors_in

MOST = 6  # tensors in the sentence


class Met(NamedTuple):
    """What came together where it failed.

    Args:
        line: The researcher's.
        module: ``model.head (Linear)``, or the class of what has no name.
        shapes: By the names that the tensors have there.
    """

    line: str
    module: str
    shapes: list[tuple[str, Shape]]

    @property
    def sentence(self) -> str:
        met = ", ".join(f"{name} {shown(shape)}" for name, shape in self.shapes[:MOST])
        return f"in {self.module}: {met}" if met else f"in {self.module}"


def what_met(error: BaseException) -> Met | None:
    """None: it did not fail within a network."""
    frames = list(walk_tb(error.__traceback__))
    steps = list(_tracebacks(error.__traceback__))
    own = [place for place, (frame, _) in enumerate(frames) if is_own(frame.f_code.co_filename)]
    modules = [place for place, (frame, _) in enumerate(frames) if _module_of(frame) is not None]
    if not own or not modules:
        return None
    last = own[-1]
    frame, line = frames[last]
    inner = [place for place in modules if place > last and _is_forward(frames[place][0])]
    if inner:
        place = inner[-1]
        shapes = _arguments(frames[place][0])
    else:
        place = max((one for one in modules if one <= last), default=-1)
        if place < 0:
            return None
        shapes = _in_expression(steps[last])
    module = _module_of(frames[place][0])
    assert module is not None
    root = next(filter(None, (_lightning(one) for one, _ in frames)), module)
    return Met(line_of(frame.f_code.co_filename, line), _label(root, module), shapes)


def _tracebacks(step: TracebackType | None) -> Iterator[TracebackType]:
    while step is not None:
        yield step
        step = step.tb_next


def _module_of(frame: FrameType) -> nn.Module | None:
    names = frame.f_code.co_varnames
    first = frame.f_locals.get(names[0]) if names else None
    return first if isinstance(first, nn.Module) and names[0] == "self" else None


def _lightning(frame: FrameType) -> nn.Module | None:
    module = _module_of(frame)
    return module if isinstance(module, pl.LightningModule) else None


def _is_forward(frame: FrameType) -> bool:
    return "forward" in frame.f_code.co_name


def _label(root: nn.Module, module: nn.Module) -> str:
    name = next((name for name, one in root.named_modules() if one is module), "")
    kind = type(module).__name__
    return f"{name} ({kind})" if name else kind


def _arguments(frame: FrameType) -> list[tuple[str, Shape]]:
    """What a library's module was given, and the weights of its own."""
    module, code = _module_of(frame), frame.f_code
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    values = [(name, frame.f_locals.get(name)) for name in names]
    weights = list(module.named_parameters(recurse=False)) if module is not None else []
    return [*_shapes(values), *_shapes(weights)]


def _in_expression(step: TracebackType) -> list[tuple[str, Shape]]:
    """The tensors that have a name in the expression that failed."""
    frame = step.tb_frame
    values = []
    for name in _names(step):
        first, *rest = name.split(".")
        value: Any = frame.f_locals.get(first)
        for part in rest:
            value = _get(value, part)
        values.append((name, value))
    return _shapes(values)


def _get(value: Any, part: str) -> Any:
    """An attribute of a module, or a field; properties, which may do anything, are left alone."""
    if isinstance(inspect.getattr_static(type(value), part, None), property):
        return None
    return getattr(value, part, None)


def _names(step: TracebackType) -> list[str]:
    """Dotted names of the expression, as Python 3.11 knows its place, or of the whole line."""
    code = step.tb_frame.f_code
    places = list(code.co_positions())
    first, last, start, end = places[step.tb_lasti // 2]
    lines = linecache.getlines(code.co_filename)
    if first is None or last is None or start is None or end is None or last > len(lines):
        return []
    part = [line.encode() for line in lines[first - 1 : last]]
    part[-1] = part[-1][:end]
    part[0] = part[0][start:]
    try:
        tree = ast.parse(b"".join(part).decode().strip(), mode="eval")
    except SyntaxError:
        return []
    return list(dict.fromkeys(_dotted(tree)))


def _dotted(tree: ast.AST) -> Iterator[str]:
    """The longest names: ``self.head.weight``, not ``self`` too."""
    if isinstance(tree, ast.Attribute | ast.Name):
        text = ast.unparse(tree)
        if all(part.isidentifier() for part in text.split(".")):
            yield text
            yield from (text.rpartition(".")[0],) if "." in text else ()
            return
    for child in ast.iter_child_nodes(tree):
        yield from _dotted(child)


def _shapes(values: list[tuple[str, Any]]) -> list[tuple[str, Shape]]:
    found = []
    for name, value in values:
        several = [value] if isinstance(value, Tensor) else list(tensors_in(value))
        for place, tensor in enumerate(several):
            if nn.parameter.is_lazy(tensor):
                continue
            called = name if isinstance(value, Tensor) else f"{name}[{place}]"
            found.append((called, tuple(tensor.shape)))
    return found
