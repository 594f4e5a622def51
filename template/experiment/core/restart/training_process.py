"""The training process as its supervisor starts it: what is run, and what it is told.

Template's file: updates replace it. Free of torch.
"""

import os
import sys

from ..files import PROJECT
from ..runs.run import JOIN, Run
from .orphans import SUPERVISOR


def training_command(run: Run) -> list[str]:
    """The run's own copy of the code, with the run's own configuration."""
    program = run.folder.resolve() / "code" / "main.py"
    return [sys.executable, str(program), "fit", "--config", str(run.config_file.resolve())]


def training_environment(run: Run) -> dict[str, str]:
    """The environment in which the child knows its run, its checkpoint and its parent."""
    # What the copy lacks, such as modules that git ignores, is found in the project itself.
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        JOIN: str(run.folder.resolve()),
        "EXPERIMENT_RESUME": str(run.resume.resolve() if run.resume else ""),
        "EXPERIMENT_PROJECT": str(PROJECT),
        SUPERVISOR: str(os.getpid()),
        "PYTHONPATH": os.pathsep.join(paths),
    }
