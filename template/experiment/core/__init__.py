"""The engineering that every experiment shares; nobody needs to read it to do research.

Template's file: updates replace it. It imports nothing that takes time, and no torch.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder

if sys.version_info < (3, 11):  # noqa: UP036 - said before a file that older ones cannot read
    older = f"this is {sys.version.split()[0]} ({sys.executable})"
    own = "type uv run python main.py ..., which takes the project's own environment"
    print(f"Python 3.11 or newer is needed; {older}: {own}", file=sys.stderr)
    sys.exit(2)
COPY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class LeftBehind:
    """Finds the modules that a run's copy of the code lacks in the project itself.

    They are what git ignores: in packages of any depth.
    """

    def __init__(self, project: str) -> None:
        self.project = project

    def find_spec(
        self, name: str, path: Sequence[str] | None, _target: object = None
    ) -> ModuleSpec | None:
        """Asked last of all, with the folders of the package that the module should be in."""
        folders = [os.path.relpath(folder, COPY) for folder in path or ()]
        inside = [folder for folder in folders if not folder.startswith(os.pardir)]
        return PathFinder.find_spec(name, [os.path.join(self.project, each) for each in inside])


if project := os.environ.get("EXPERIMENT_PROJECT"):
    sys.meta_path.append(LeftBehind(project))
