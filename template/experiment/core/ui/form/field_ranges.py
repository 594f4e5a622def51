"""Within which bounds a number of the configuration lies, read from the checks of its class.

Template's file: updates replace it. Only those count that are made of every value: calls of
``at_least``, ``above`` and ``fraction`` that stand in ``__post_init__`` under no condition. What
else a class demands is found when the whole configuration is checked.
"""

import ast
import inspect
import math
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...config import range_checks


@dataclass(frozen=True)
class Range:
    """The bounds of a number; an open one is not itself allowed."""

    minimum: float | None = None
    maximum: float | None = None
    open_minimum: bool = False
    open_maximum: bool = False

    def of_whole_numbers(self) -> "Range":
        """The same for whole numbers, where each bound is itself allowed."""
        least, most = self.minimum, self.maximum
        if least is not None:
            least = math.floor(least) + 1 if self.open_minimum else math.ceil(least)
        if most is not None:
            most = math.ceil(most) - 1 if self.open_maximum else math.floor(most)
        return Range(least, most)

    def allows(self, value: float) -> bool:
        """Whether a number lies in it."""
        least, most = self.minimum, self.maximum
        if least is not None and (value < least or (self.open_minimum and value == least)):
            return False
        return most is None or value < most or (not self.open_maximum and value == most)

    def in_words(self) -> str:
        """As a message says it: ``at least 0 and below 1``; empty without bounds."""
        words: list[str] = []
        if self.minimum is not None:
            words.append(f"{'above' if self.open_minimum else 'at least'} {self.minimum:g}")
        if self.maximum is not None:
            words.append(f"{'below' if self.open_maximum else 'at most'} {self.maximum:g}")
        return " and ".join(words)


EVERY_NUMBER = Range()


def field_ranges(config_class: type) -> dict[str, Range]:
    """The range of each number that always has one."""
    found: dict[str, Range] = {}
    for base in config_class.__mro__:
        check = base.__dict__.get("__post_init__")
        if check is None:
            continue
        goes_on = False
        for call, name in _unconditional_calls(check):
            if name == "super().__post_init__":
                goes_on = True
            elif (made := _range(check, call, name)) is not None:
                limits, fields = made
                found |= {field: _both(found.get(field, EVERY_NUMBER), limits) for field in fields}
        if not goes_on:
            break
    return found


def _unconditional_calls(check: Callable[..., Any]) -> list[tuple[ast.Call, str]]:
    """The calls that every object makes, each with what is called."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(check)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return []
    calls: list[tuple[ast.Call, str]] = []
    for statement in tree.body[0].body if isinstance(tree.body[0], ast.FunctionDef) else ():
        if any(isinstance(node, ast.Return) for node in ast.walk(statement)):
            break
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            calls.append((statement.value, ast.unparse(statement.value.func)))
    return calls


def _range(check: Callable[..., Any], call: ast.Call, name: str) -> tuple[Range, list[str]] | None:
    """What a call demands of which fields; None if it is no range check, or not written out."""
    called = getattr(check, "__globals__", {}).get(name)
    kinds = (range_checks.at_least, range_checks.above, range_checks.fraction)
    if called not in kinds or call.keywords:
        return None
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args[1:]]
    except ValueError:
        return None
    if called is range_checks.fraction:
        return Range(0, 1, open_maximum=True), arguments
    return Range(arguments[0], open_minimum=called is range_checks.above), arguments[1:]


def _both(one: Range, other: Range) -> Range:
    """The range that lies in both."""
    least = max(one, other, key=lambda it: (_or(it.minimum, -math.inf), it.open_minimum))
    most = min(one, other, key=lambda it: (_or(it.maximum, math.inf), not it.open_maximum))
    return Range(least.minimum, most.maximum, least.open_minimum, most.open_maximum)


def _or(bound: float | None, without: float) -> float:
    return without if bound is None else bound
