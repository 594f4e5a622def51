"""``python main.py fit`` as a user types it: a supervisor, and a training that it watches."""

import os
import subprocess
from pathlib import Path

import psutil
from harness.experiment import PATIENCE, Experiment, fit_words, wait_until

SUPERVISED = ("restart.max=3", "restart.backoff_seconds=0.1")


class Watched:
    """``python main.py fit --name a ...`` with its supervisor."""

    def __init__(self, experiment: Experiment, python: Path, *argv: str) -> None:
        self.run = experiment.run("a")
        self.output = experiment.path.parent / "watched.out"
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        self.process = subprocess.Popen(
            [str(python), "main.py", *fit_words("--name", "a", *SUPERVISED, *argv)],
            cwd=experiment.path,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=self.output.open("w"),
            stderr=subprocess.STDOUT,
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
