"""A project of the task that a test folder is named after, without Copier: the files as they lie.

A test asks for ``experiment`` and gets its modules: ``experiment("core.sampling")``.
"""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def assemble(task: str, destination: Path) -> Path:
    """Copy the template's package, and the task's files into it."""
    package = destination / "experiment"
    ignored = shutil.ignore_patterns("*.jinja", "__pycache__")
    shutil.copytree(ROOT / "template" / "experiment", package, ignore=ignored)
    for file in (ROOT / "tasks" / task).glob("*.py"):
        shutil.copy(file, package)
    return destination


@pytest.fixture(scope="module")
def experiment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], ModuleType]]:
    """The package of a project, for as long as one test file runs."""
    folder = assemble(request.path.parent.name, tmp_path_factory.mktemp("project"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        _forget()
        yield lambda name: importlib.import_module(f"experiment.{name}")
        _forget()


def _forget() -> None:
    """Another task's test file shall get its own modules of the same names."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "experiment"]:
        del sys.modules[name]
