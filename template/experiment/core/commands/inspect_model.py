"""``main.py inspect model``: look at the network before you train it, or after.

Template's file: updates replace it. What is looked for: core/inspect/network/detectors/. What is
printed, and the page: core/inspect/network/.
"""

from argparse import Namespace

from ..config.cli_options import DEFAULTS
from ..errors import UserError
from .dispatch import Build
from .inspected import look


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Look at what was typed; inspected.py says the rest."""
    for name in ("exclude", "most"):
        if getattr(arguments, name) != DEFAULTS[name]:
            raise UserError(f"command line: inspect model takes no --{name}, inspect data does")
    return look("model", arguments, config_type, build)
