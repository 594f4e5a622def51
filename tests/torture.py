"""Kills real trainings at every moment, and compares what is left with calm ones.

    uv run python -m tests.torture            every kind of run at every moment, and at random
    uv run python -m tests.torture --random 5

Each run is a fork of a process that has torch imported, dies by a real SIGKILL, and is started
again by the same command until it ends. Compared are the sha256 of all weights in ``last.ckpt``,
every logged (step, key, value), and the names and scores of the checkpoints. It prints a row a kind
and last one line: runs, kills, differing.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.update(SMOKE="skip", SMOKE_PYTHON="none")  # the hooks: the files alone are wanted

from projects import make_template
from running.experiment import Experiment, RunFolder, Server, fit_words
from running.test_killed import KINDS, MOMENTS

KINDS = {"plain": (), **KINDS}


class Torture:
    """Counts what was run, killed and found different.

    Args:
        server: Where runs are forked from.
        project: A generated project, copied for each run.
        folder: Where the copies go.
    """

    def __init__(self, server: Server, project: Path, folder: Path) -> None:
        self.server, self.project, self.folder = server, project, folder
        self.runs = self.kills = self.differing = 0

    def experiment(self) -> Experiment:
        """A fresh copy of the project."""
        self.runs += 1
        path = self.folder / f"run-{self.runs}" / "experiment"
        shutil.copytree(self.project, path, symlinks=True)
        return Experiment(path, self.server)

    def kind(self, name: str, random_times: int) -> str:
        """One kind of run at every moment and at random times; a row for the table."""
        words = KINDS[name]
        calm = self.experiment()
        started = time.monotonic()
        expected, seconds = calm.trained(*words), time.monotonic() - started
        before, kills = self.differing, self.kills
        for at, count in MOMENTS.values():
            experiment = self.experiment()
            self.kill_at(experiment, at, count, *words)
            self.compare(experiment, expected, *words)
        for _ in range(random_times):
            experiment = self.experiment()
            for _ in range(2):
                self.kill_after(experiment, random.uniform(0.2, 0.9) * seconds, *words)
            self.compare(experiment, expected, *words)
        return f"{name:<45} {self.kills - kills:>3} kills, {self.differing - before} differing"

    def kill_at(self, experiment: Experiment, at: str, count: int, *words: str) -> None:
        """SIGKILL just before the ``count``-th call of a hook; a kind may not come that far."""
        stop = {"at": at, "count": count, "signal_number": signal.SIGKILL}
        done = experiment.fit("--name", "a", *words, interrupt=stop)
        self.kills += done.returncode == -signal.SIGKILL

    def kill_after(self, experiment: Experiment, seconds: float, *words: str) -> None:
        """SIGKILL after a time, wherever that is."""
        process = experiment.start(*fit_words("--name", "a", *words))
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # it was faster
            process.send(signal.SIGKILL)
        self.kills += process.wait().returncode == -signal.SIGKILL

    def compare(self, experiment: Experiment, expected: RunFolder, *words: str) -> None:
        """Let the run end, and look for any difference; then its folder may go."""
        run = experiment.trained(*words)
        same = (
            run.weights() == expected.weights()
            and run.metrics() == expected.metrics()
            and run.checkpoints == expected.checkpoints
            and run.best == expected.best
        )
        self.differing += not same
        shutil.rmtree(experiment.path.parent)


def main() -> int:
    """Torture every kind; 1 if anything differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--random", type=int, default=2, help="runs killed twice at random times")
    parser.add_argument("--seed", type=int, default=0, help="of those times")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = make_template(folder / "template").generate(folder / "my-experiment").path
        server = Server(Path(sys.executable), folder)
        torture = Torture(server, project, folder)
        for kind in KINDS:
            print(torture.kind(kind, arguments.random), flush=True)
        server.close()
    print(f"torture: {torture.runs} runs, {torture.kills} kills, {torture.differing} differing")
    return 1 if torture.differing else 0


if __name__ == "__main__":
    sys.exit(main())
