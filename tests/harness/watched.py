"""``python main.py fit`` as a user types it: a supervisor, and a training that it watches.

The supervisor is a process of its own; the trainings that it starts are forks with torch imported.
Who has to die with whom is tested with cold ones, in test_orphans.py and test_ranks.py.
"""

import os
import subprocess
from typing import Any

import psutil
from harness.experiment import ON_ONE_CPU, PATIENCE, Experiment, fit_words, wait_until

# ``python main.py ...``, for whom Python is another program.
PROGRAM = "import runpy, sys; sys.executable = sys.argv.pop(1); del sys.argv[0]; "
PROGRAM += "runpy.run_path('main.py', run_name='__main__')"
SUPERVISED = ("restart.max=3", "restart.backoff_seconds=0.1")


class Watched:
    """``python main.py fit --name a ...`` with its supervisor."""

    def __init__(self, experiment: Experiment, *argv: str, **options: Any) -> None:
        self.run = experiment.run("a")
        self.output = experiment.path.parent / "watched.out"
        server = experiment.server
        self.process = subprocess.Popen(
            [
                *(str(server.python), "-c", PROGRAM, str(server.warm), "main.py"),
                *fit_words("--name", "a", *SUPERVISED, *argv),
            ],
            cwd=experiment.path,
            env={**os.environ, **ON_ONE_CPU},
            stdin=subprocess.DEVNULL,
            stdout=self.output.open("w"),
            stderr=subprocess.STDOUT,
            **options,
        )

    @property
    def training(self) -> psutil.Process:
        """The process that trains."""
        (child,) = psutil.Process(self.process.pid).children()
        return child

    def wait_for_checkpoint(self) -> None:
        wait_until(lambda: (self.run / "checkpoints/last.ckpt").exists())

    def end(self) -> tuple[int, str]:
        """Its exit code and what it printed."""
        return self.process.wait(PATIENCE), self.output.read_text()
