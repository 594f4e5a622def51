"""pytest checks the shapes in your annotations, and leaves alone what holds no tests of yours.

Template's file: updates replace it. The project's conftest.py hands these hooks to pytest, whatever
pyproject.toml or pytest.ini says.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from .shape_annotations import VENDORED, check_annotations

if TYPE_CHECKING:
    import pytest

__all__ = ["pytest_addhooks", "pytest_configure", "pytest_terminal_summary"]

PACKAGE = __name__.rpartition(".core.")[0]
PROJECT = Path(__file__).parents[3]
unchecked: list[str] = []  # why the shapes go unchecked, if they do


def pytest_addhooks() -> None:
    """Watch the shapes; pytest calls this before it imports any other file of the project."""
    try:
        if not check_annotations(PACKAGE):
            unchecked.append("beartype is missing (uv add --dev beartype)")
    except RuntimeError as error:
        unchecked.append(str(error))


def pytest_configure(config: "pytest.Config") -> None:
    """Collect neither vendored code nor the copies of the code that runs keep."""
    config.addinivalue_line("norecursedirs", VENDORED)
    config.addinivalue_line("norecursedirs", str(PROJECT / "runs"))


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    """Say it when the shapes were not checked."""
    for reason in unchecked:
        terminalreporter.write_line(f"types in annotations went unchecked: {reason}", yellow=True)
