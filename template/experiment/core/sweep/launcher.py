"""Starts the process of a trial: an ordinary ``fit`` in the trial's own folder.

Template's file: updates replace it.
"""

import os
import subprocess
from pathlib import Path

from ..runs.code_snapshot import environment_of
from .command_macros import fill_in, nested
from .devices import variables
from .sweep_file import Sweep
from .trials import TRIAL, SweepFolder, Trial

CONSOLE = "console.log"


class Launcher:
    """Knows how a trial is started.

    Args:
        sweep: The command, and how the values are nested.
        folder: The sweep's code and configuration.
        workers: How many trials share this machine.
    """

    def __init__(self, sweep: Sweep, folder: SweepFolder, workers: int) -> None:
        self.sweep, self.folder, self.workers = sweep, folder, workers

    def start(self, trial: Trial) -> "subprocess.Popen[bytes]":
        """Start or go on with a trial; what it prints is kept in its folder."""
        folder = self.folder.folder(trial)
        name = f"{self.folder.name}/{trial.name}"
        with open(folder / CONSOLE, "ab") as console:
            return subprocess.Popen(
                self.command(trial, folder, name, self.folder.path.parent),
                env=self.environment(folder, trial.devices),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches it through the sweep, once
            )

    def command(self, trial: Trial, folder: Path, name: str, output: Path) -> list[str]:
        """The words: the sweep's, with the program's copy and the run's place filled in."""
        program = self.sweep.program
        copied = self.folder.code.resolve() / program
        words = [str(copied) if copied.is_file() else program]
        words += ["--config", str(self.folder.base.resolve())]
        words += ["--output", str(output.resolve()), "--name", name]
        arguments = nested(self.sweep.parameters, trial.values)
        return fill_in(self.sweep.command, (program, words), arguments, folder / "args.json")

    def environment(self, folder: Path, gpus: list[str]) -> dict[str, str]:
        """What tells the run whose code it runs, and which part of the machine is its own."""
        return {
            **os.environ,
            **variables(gpus, self.workers),
            **environment_of(self.folder.code),
            TRIAL: str(folder.resolve()),
        }
