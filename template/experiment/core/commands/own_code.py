"""``--code run``: a command that is carried out by the code which the run was trained with.

Template's file: updates replace it. Free of torch. The run's copy of the code is started with the
same words; data, runs and paths are those of the project. In a notebook: own_modules.py.
"""

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

from ..checkpoint.find_checkpoint import choose
from ..checkpoint.trained_code import copy_of
from ..config.cli_options import CORE_ARGUMENTS, DEFAULTS
from ..console import say
from ..errors import UserError
from ..files import shown
from ..runs.run import Run
from ..runs.run_folders import find_run
from ..tables import as_typed
from .own_modules import variables

TREE, RUN = "tree", "run"


def is_wanted(code: str, option: str = "--code ") -> bool:
    """Whether the run's own code is wanted.

    Raises:
        UserError: It is neither that nor the tree's.
    """
    if code not in (TREE, RUN):
        raise UserError(
            f"{option}{code}: use tree, the project as it is now, or run, the code that the run "
            "was trained with"
        )
    return code == RUN


def own_code(folder: Path, checkpoint: str) -> Path:
    """The copy of the code that a run's checkpoint was trained with.

    Raises:
        UserError: There is none.
    """
    copy = copy_of(choose(folder / "checkpoints", checkpoint).path)
    copy = copy or (folder / "code" if (folder / "code" / "main.py").is_file() else None)
    if copy is None:
        raise UserError(f"{shown(folder)} holds no code/main.py: only the project's code is left")
    return copy.absolute()


def carry_out(arguments: Namespace) -> int:
    """Do what was typed with the run's own code; returns where a process cannot become another."""
    folder = find_run(arguments.name or "", Path(arguments.output)).absolute()
    run = Run.at(folder, arguments.command)
    copy = own_code(folder, arguments.checkpoint)
    say(f"{run.name}: with its own code, {shown(copy)}")
    command = [sys.executable, str(copy / "main.py"), *_words(arguments, folder)]
    environment = {**os.environ, **variables(copy)}
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, environment)  # Ctrl-C, signals and the exit code are its own
    return subprocess.run(command, env=environment, check=False).returncode


def _words(arguments: Namespace, folder: Path) -> list[str]:
    """What was typed, but for the code, which a copy of before would not know."""
    command = arguments.command
    words = [command, arguments.what, "--run"] if arguments.what else [command, "--name"]
    words += [str(folder), "--checkpoint", arguments.checkpoint]
    for file in arguments.config if arguments.config != DEFAULTS["config"] else []:
        words += ["--config", str(file)]
    options = {"--set-json": "set_json", "--input": "input", "--output": "predictions"}
    options |= {"--format": "format"}
    if arguments.what:
        options |= {"--output": "inspected", "--most": "most"}
    for flag, name in options.items():
        if (value := getattr(arguments, name)) is not None:
            words += [flag, str(value)]
    words += [flag for flag in ("--json", "--strict") if getattr(arguments, flag[2:])]
    typed = {key: value for key, value in vars(arguments).items() if key not in CORE_ARGUMENTS}
    return [*words, *arguments.overrides, *(f"{k}={as_typed(v)}" for k, v in typed.items())]
