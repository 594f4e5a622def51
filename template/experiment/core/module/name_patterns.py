"""Patterns of parameters' names.

Template's file: updates replace it.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from torch import nn

from ..errors import UserError
from ..spelling import did_you_mean, nearest


def check_patterns(key: str, patterns: Iterable[str], module: nn.Module) -> None:
    """Refuse a pattern that names nothing.

    Raises:
        UserError: With the nearest name.
    """
    names = [name for name, _ in module.named_parameters()]
    modules = [name for name, part in module.named_modules() if name and _has_parameters(part)]
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in names):
            near = nearest(pattern, [*modules, *names], cutoff=0.4)
            raise UserError(f"{key}: {pattern} matches no parameter{did_you_mean(near)}")


def first_match(name: str, patterns: Iterable[str]) -> str | None:
    """The first pattern that a parameter's name matches."""
    return next((pattern for pattern in patterns if _matches(name, pattern)), None)


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def _has_parameters(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None
