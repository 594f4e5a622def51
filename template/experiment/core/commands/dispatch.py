"""Carries out one command of ``main.py``; each is a file of this folder, and ends in an exit code.

Template's file: updates replace it. main.py hands over ``Config`` and ``build``, nothing else. The
exit codes stand in core/errors.py.
"""

import sys
from argparse import Namespace
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..console import start_console
from ..errors import CTRL_C, REFUSED, UserError
from .missing_package import missing_package

if TYPE_CHECKING:
    from ..runs.run import Run

Build = Callable[[Any, "Run"], tuple[Any, Any, Any]]
# The file of each command, which has a function ``run`` of what ``run_command`` takes. Only the one
# that is carried out is imported, so that --help answers at once.
FILES = {
    "fit": "fit",
    "validate": "evaluate",
    "test": "evaluate",
    "predict": "predict",
    "export": "export",
    "tune": "tune",
    "sweep": "sweep",
    "queue": "queue",
    "inspect data": "inspect_data",
    "inspect model": "inspect_model",
    "runs": "runs",
    "ui": "ui",
    "config": "show_config",
    "smoke": "smoke",
}


def run_command(arguments: Namespace, config_type: type, build: Build) -> int:
    """Carry out a parsed command line.

    Args:
        arguments: From main.py's ``parse``.
        config_type: The root dataclass of the configuration.
        build: Makes the DataModule, the LightningModule and the Trainer of a configuration.

    Returns:
        The exit code.
    """
    start_console()
    try:
        name = " ".join(filter(None, (arguments.command, getattr(arguments, "what", None))))
        command = import_module(f".{FILES[name]}", __package__)
        return command.run(arguments, config_type, build)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.code
    except ModuleNotFoundError as error:
        sentence = missing_package(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        return REFUSED
    except (KeyboardInterrupt, SystemExit) as end:
        if is_ctrl_c(end):
            return CTRL_C
        raise


def is_ctrl_c(error: BaseException) -> bool:
    """Whether somebody pressed Ctrl-C; Lightning turns it into exit(1), whatever it was doing."""
    cause = error.__context__ if isinstance(error, SystemExit) else error
    return isinstance(cause, KeyboardInterrupt)
