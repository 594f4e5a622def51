"""``main.py ui``: the web page, where the project has it.

Template's file: updates replace it. The page is the uppermost room of core, so that nothing of core
imports it: it is found by its name.
"""

from argparse import Namespace
from importlib import import_module
from importlib.util import find_spec

from ..errors import UserError
from .dispatch import Build

NEEDED = ("starlette", "uvicorn", "jinja2")


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Serve the page, or say what it lacks."""
    core = __package__.rpartition(".")[0] if __package__ else ""
    if find_spec(f"{core}.ui") is None:
        raise UserError(
            "this project was made without the web page; `copier update --data ui=true` adds it"
        )
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise UserError(
            f"the web page needs {', '.join(missing)}: `uv sync --extra ui` or "
            "`pip install -e .[ui]`"
        )
    return import_module(f"{core}.ui.command").run(arguments, config_type, build)
