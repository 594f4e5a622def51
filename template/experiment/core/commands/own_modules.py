"""A run's own code in a notebook: ``experiment`` is the run's copy of it, or the project's again.

Template's file: updates replace it. Free of torch. Two copies of one package cannot be told apart
by whoever imports a part of it later, as many functions do. So one of them is in place at a time,
all of it, and the other is set aside whole.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ..files import PROJECT

PACKAGE = __name__.partition(".")[0]
HERE = Path(__file__).resolve().parents[3]  # the copy of the code that this file is of
FOREIGN = {"site-packages", "dist-packages", "runs"}
_set_aside: dict[Path, dict[str, ModuleType]] = {}  # the modules of each copy


def use_own_modules() -> None:
    """Put the code in place that this file is of, also after a run's was loaded."""
    _put_in_place(HERE)


def load_with(copy: Path, folder: Path, checkpoint: str) -> tuple[Any, Any, Any]:
    """What ``load`` of a run's own main.py gives; from then on ``experiment`` is the run's."""
    _put_in_place(copy.resolve())
    return import_module("main").load(str(folder.resolve()), checkpoint)


def variables(copy: Path) -> dict[str, str]:
    """What tells a copy of the code which project it works on, and that it is a copy."""
    # What the copy lacks, such as modules that git ignores, is found in the project itself.
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "EXPERIMENT_PROJECT": str(PROJECT),
        "EXPERIMENT_CODE": str(copy),
        "PYTHONPATH": os.pathsep.join(paths),
    }


def _put_in_place(root: Path) -> None:
    """Exchange the modules of one copy of the code for those of another."""
    before = Path(str(sys.modules[PACKAGE].__file__)).resolve().parents[1]
    if before == root:
        return
    moved = {name: module for name, module in sys.modules.items() if _lies_in(module, before)}
    for name in moved:
        del sys.modules[name]
    _set_aside[before] = moved
    copies = {before, root} - {PROJECT.resolve()}
    sys.path[:] = [each for each in sys.path if Path(each or os.curdir).resolve() not in copies]
    sys.path.insert(0, str(root))
    sys.modules.update(_set_aside.get(root, {}))
    with _told(root):
        import_module(f"{PACKAGE}.core.files")  # which asks for the project, once


def _lies_in(module: ModuleType, root: Path) -> bool:
    """Whether a module is the project's own: not of an environment or a run inside of it."""
    file = getattr(module, "__file__", None)
    if not file or module.__name__ == "__main__":
        return False
    path = Path(file).resolve()
    return path.is_relative_to(root) and not FOREIGN.intersection(path.relative_to(root).parts)


@contextmanager
def _told(root: Path) -> Iterator[None]:
    """Let a copy of the code, while it is imported, know the project."""
    before = dict(os.environ)
    os.environ.update({} if root == PROJECT.resolve() else variables(root))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
