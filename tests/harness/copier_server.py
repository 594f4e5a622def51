"""The fork server that has Copier imported, and has rendered the template once.

What Jinja has compiled by then, it need not compile again (quick_copier.py). What stands
in these processes for ``python`` runs the hooks as well, and the Copier that hooks start.
"""

import os
import sys
import tempfile
from pathlib import Path

import server

TESTS = str(Path(__file__).parents[1])


def render_once() -> None:
    """Make a project and throw it away."""
    from copier import run_copy
    from projects import copy_parts

    with tempfile.TemporaryDirectory() as folder:
        copy_parts(Path(folder, "template"))
        source, made = os.path.join(folder, "template"), os.path.join(folder, "made")
        run_copy(source, made, defaults=True, unsafe=True, quiet=True, skip_tasks=True)


def forget_variables() -> None:
    """Plumbum, by which Copier runs git, has kept the server's variables."""
    from plumbum import local

    local.env.clear()
    local.env.update(os.environ)


if __name__ == "__main__":
    sys.path.append(TESTS)
    import copier._cli  # noqa: F401  # what `python -m copier` imports

    render_once()
    sys.path.remove(TESTS)
    if asked := server.serve(sys.argv[1]):
        server.become(asked, forget_variables)
