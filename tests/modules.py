"""A project's package without Copier, imported: the template's files and a task's, as they lie."""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
Modules = Callable[[str], ModuleType]


def modules_of(task: str, folder: Path) -> Iterator[Modules]:
    """From the name of a module, such as ``core.data.sampling``, to the module."""
    package = folder / "experiment"
    ignored = shutil.ignore_patterns("*.jinja", "__pycache__")
    shutil.copytree(ROOT / "template" / "experiment", package, ignore=ignored)
    for file in (ROOT / "tasks" / task).glob("*.py"):
        shutil.copy(file, package)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        _forget()
        yield lambda name: importlib.import_module(f"experiment.{name}")
        _forget()


def _forget() -> None:
    """Another task's test file shall get its own modules of the same names."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "experiment"]:
        del sys.modules[name]
