"""Of a matrix of cases CI runs those that span it; ``python3 -m tests -m matrix`` runs the others.

A case leaves CI only where others there run the same code: never the only test of a behaviour.
"""

from collections.abc import Iterable
from typing import Any

import pytest


def spanned(cases: Iterable[Any], rest: Iterable[Any]) -> list[Any]:
    """All cases as ``parametrize`` takes them, those of ``rest`` marked as the matrix's.

    Args:
        cases: Each a name or a number, or a tuple of one for each argument.
        rest: Which of them others stand for.

    Raises:
        ValueError: One of the rest is no case, or nothing would stay.
    """
    cases, left = list(cases), list(rest)
    unknown = [case for case in left if case not in cases]
    if unknown or len(left) >= len(cases):
        raise ValueError(f"of {cases}, these cannot be the rest: {unknown or left}")
    return [_marked(case) if case in left else case for case in cases]


def _marked(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.matrix)


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the matrix's, unless ``-m`` speaks of it."""
    if "matrix" in config.option.markexpr:
        return
    rest = [item for item in items if item.get_closest_marker("matrix")]
    items[:] = [item for item in items if item not in rest]
    config.hook.pytest_deselected(items=rest)
