"""``Shape:`` sections of docstrings, held against the tensors that really flow.

Template's file: updates replace it. One axis name has one size in one call. Where a section says
less than a shape, such as words or an axis that nobody has named before, nothing is held against
it; what annotations say is jaxtyping's and beartype's to check, in ``smoke``.
"""

import ast
import inspect
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from torch import nn

from ..shape_docstrings import Axes, Section, sections_of
from .node import Node, Shape, shown
from .source_lines import is_own, line_of
from .tensors import tensors_in

OPERATORS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}


@dataclass(frozen=True)
class Held:
    """An entry of a section, beside what came.

    Args:
        line: Of the entry.
        of: Whose docstring it is.
        name: Of the argument, the field, or ``output``.
        said: The shape as it is written.
        came: The shape as it was.
        agrees: Whether they can be the same.
        number: Of the call; 0: it was none.
    """

    line: str
    of: str
    name: str
    said: str
    came: Shape
    agrees: bool
    number: int = 0

    @property
    def sentence(self) -> str:
        return f"{self.of}'s docstring has {self.name} as {self.said}; {shown(self.came)} came"


class Documented:
    """All that was held, each entry once, or at its first call that parts."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Held] = {}

    @property
    def found(self) -> list[Held]:
        return list(self._found.values())

    def hold(self, module: nn.Module, node: Node, args: Any, kwargs: Any, result: Any) -> None:
        """Hold a call of a module, and what it gave, against what their classes say."""
        section = _section(next(one for one in type(module).__mro__ if "forward" in vars(one)))
        if section:
            values = {**_bound(module, args, kwargs), "output": result}
            self._hold(section, values, node.number)
        self.hold_fields(result)

    def hold_fields(self, value: Any) -> None:
        """The same of the fields of a NamedTuple."""
        if hasattr(value, "_asdict") and (section := _section(type(value))):
            self._hold(section, value._asdict(), 0)

    def _hold(self, section: Section, values: Mapping[str, Any], number: int) -> None:
        sizes: dict[str, int] = {}
        names = list(values)
        for line, written, shapes in section.entries:
            name = written
            if name not in values and name.lower() in ("input", "output"):
                name = names[0] if name.lower() == "input" else "output"
            came = [tuple(tensor.shape) for tensor in tensors_in(values.get(name))]
            if not came or len(came) != len(shapes):
                continue
            for said, shape in zip(shapes, came, strict=True):
                place = line_of(section.file, line)
                agrees = fits(said, shape, sizes)
                held = Held(place, section.name, written, _text(said), shape, agrees, number)
                before = self._found.get((place, held.said))
                if before is None or (before.agrees and not held.agrees):
                    self._found[place, held.said] = held


def _bound(module: nn.Module, args: Any, kwargs: Any) -> dict[str, Any]:
    try:
        return dict(inspect.signature(module.forward).bind(*args, **kwargs).arguments)
    except (TypeError, ValueError):
        return {}


@cache
def _section(kind: type) -> Section | None:
    """That of a class of the researcher's."""
    try:
        file = inspect.getsourcefile(kind)
    except (TypeError, OSError):
        return None
    if file is None or not is_own(file):
        return None
    return sections_of(file).get(kind.__qualname__)


def _text(axes: Axes) -> str:
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"


def fits(said: Axes, shape: Sequence[int], sizes: dict[str, int]) -> bool:
    """Whether a documented shape can be this one; names without a size get theirs.

    Args:
        said: The axes, as written.
        shape: What came.
        sizes: Of the axes that this call has named so far.
    """
    several = [place for place, axis in enumerate(said) if axis[:1] == "*" or axis == "..."]
    if several:
        first, last = several[0], len(said) - several[-1] - 1
        if len(said) - len(several) > len(shape):
            return False
        pairs = [*zip(said[:first], shape, strict=False)]
        pairs += zip(said[len(said) - last :], shape[len(shape) - last :], strict=True)
    elif len(said) != len(shape):
        return False
    else:
        pairs = list(zip(said, shape, strict=True))
    agree = [_is_size(axis, size, sizes) for axis, size in pairs]  # each names its axis
    return all(agree)


def _is_size(axis: str, size: int, sizes: dict[str, int]) -> bool:
    if axis.isdecimal():
        return int(axis) == size
    if re.fullmatch(r"[A-Za-z_]\w*", axis):
        return axis == "_" or sizes.setdefault(axis, size) == size
    wanted = _value(axis, sizes)
    return wanted is None or abs(wanted - size) < 1  # half of an odd size, rounded either way


def _value(text: str, sizes: Mapping[str, int]) -> float | None:
    """What ``height / 4`` comes to; None: it has a name without a size, or is none."""

    def value(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int(number)):
                return number
            case ast.Name(id=name):
                return sizes[name]
            case ast.BinOp(left=left, op=op, right=right):
                return OPERATORS[type(op)](value(left), value(right))
        raise KeyError(text)

    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, KeyError, ZeroDivisionError):
        return None
