"""Range checks for configuration dataclasses, to be called in ``__post_init__``.

Template's file: updates replace it. Each message starts with the field's name: core/config/load.py
puts the file and the line before it.
"""

import math
from collections.abc import Callable
from typing import Any


def at_least(section: object, least: float, *names: str) -> None:
    """Raise ValueError unless each named field is null or at least ``least``."""
    _require(section, names, lambda value: least <= value < math.inf, f"at least {least}")


def above(section: object, bound: float, *names: str) -> None:
    """Raise ValueError unless each named field is null or greater than ``bound``."""
    _require(section, names, lambda value: bound < value < math.inf, f"above {bound}, and finite")


def fraction(section: object, *names: str) -> None:
    """Raise ValueError unless each named field is null or in [0, 1)."""
    _require(section, names, lambda value: 0 <= value < 1, "at least 0 and below 1")


def group_settings(groups: dict[str, Any]) -> None:
    """Raise ValueError unless each group of parameters has numbers that a group can have."""
    names = ("learning_rate_factor", "weight_decay")
    for pattern, settings in groups.items():
        if not isinstance(settings, dict) or not settings or set(settings) - set(names):
            raise ValueError(f"groups: {pattern} is {settings}; it may have {' and '.join(names)}")
        for name, value in settings.items():
            if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise ValueError(f"groups: {pattern}.{name} is {value}; it must be at least 0")


def _require(
    section: object, names: tuple[str, ...], holds: Callable[[Any], bool], words: str
) -> None:
    for name in names:
        value = getattr(section, name)
        if value is not None and not holds(value):
            raise ValueError(f"{name} is {value}; it must be {words}")
