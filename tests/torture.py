"""Kills real trainings at every moment, and compares what is left with calm ones.

    uv run python -m tests.torture            every kind of run at every moment, and at random
    uv run python -m tests.torture --only plateau

Most runs are forks of a process that has torch imported: each dies by a real SIGKILL, and is
started again by the same command until it ends. Some are two processes that train together, and
some are what a user types, ``main.py --restarts N``, whose training process is killed again and
again. Compared are the sha256 of all weights in ``last.ckpt``, every logged (step, key, value), and
the names and scores of the checkpoints. It prints a row a kind and last one line: runs, kills,
differing.
"""

import argparse
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.update(SMOKE="skip", SMOKE_PYTHON="none")  # the hooks: the files alone are wanted

import psutil
from core.checkpoint.test_repeat_epoch_start import CALLBACKS, LIGHTNINGS, SAVED, add_callback
from core.distributed import test_ranks
from core.restart.test_exact_resume import KINDS, MOMENTS, PLATEAU
from designs.run import DESIGNS
from harness.experiment import PATIENCE, Experiment, RunFolder, Server, fit_words, wait_until
from harness.several_loaders import several_loaders
from projects import Project, make_template

THREE = ("trainer.accumulate_grad_batches=3", "checkpoint.every_n_steps=2")
KINDS = {
    "plain": (),
    **KINDS,
    "accumulating 3, cosine": THREE,
    "accumulating 3, step schedule by epochs": (*THREE, "schedule.name=step", "schedule.every=1"),
    "accumulating 3, plateau": (*THREE, *PLATEAU),
    "accumulating 3, bfloat16, one-cycle, SWA": (
        *THREE,
        "trainer.precision=bf16-mixed",
        "schedule.name=one-cycle",
        "callbacks.swa.start_fraction=0.34",
    ),
}
# A callback that sets something up where an epoch starts, saved in the middle of epochs.
KINDS |= {
    f"callback: {name}": (f"callbacks.extra.experiment.callbacks.{name}={{}}", *SAVED)
    for name in (*CALLBACKS, *LIGHTNINGS)
}
KINDS |= {
    "frozen, saved every 2 steps": ("optimizer.freeze=[model.stem]", "checkpoint.every_n_steps=2"),
    "gradient norm, device statistics, samples": (
        "callbacks.gradient_norm={by_part: true}",
        "callbacks.sample_predictions={every_n_epochs: 2, count: 4}",
        "checkpoint.every_n_steps=3",
    ),
}
KINDS |= {
    "SGD, saved every 3 steps": ("optimizer.name=sgd", "checkpoint.every_n_steps=3"),
    "NAdam by its path": ("optimizer.name=torch.optim.NAdam", "checkpoint.every_n_steps=3"),
    "several loaders, metrics of training": ("checkpoint.every_n_steps=2",),
}
LONG = "trainer.max_epochs=80"  # enough for several kills of a process that starts anew
TYPED = {
    "main.py --restarts": (LONG, "checkpoint.every_n_steps=5"),
    "main.py --restarts, accumulating 3, plateau, EMA": (
        LONG,
        *THREE,
        *PLATEAU,
        "callbacks.ema={}",
    ),
}


# What a kind edits in its project: the designs, and what none of them has.
EDITS: dict[str, Callable[[Project], None]] = {
    "several loaders, metrics of training": several_loaders
}
for _name in DESIGNS:
    _design = importlib.import_module(f"designs.{_name}")
    KINDS[f"design: {_name}"] = (*_design.WORDS, "checkpoint.every_n_steps=2")
    EDITS[f"design: {_name}"] = _design.edit
RANKS = {
    "two processes": (),
    "two processes, saved every 3 steps": ("checkpoint.every_n_steps=3",),
    "two processes, several loaders, metrics": ("checkpoint.every_n_steps=3",),
}
EDITS["two processes, several loaders, metrics"] = several_loaders


class Torture:
    """Counts what was run, killed and found different.

    Args:
        server: Where runs are forked from.
        project: A generated project, copied for each run.
        folder: Where the copies go.
        random: Draws the times.
    """

    def __init__(self, server: Server, project: Path, folder: Path, random: random.Random) -> None:
        self.server, self.project, self.folder, self.random = server, project, folder, random
        self.runs = self.kills = self.differing = 0

    def experiment(self) -> Experiment:
        """A fresh copy of the project."""
        self.runs += 1
        return Experiment(self.project, self.server).copy(self.folder / f"{self.runs}/experiment")

    def kind(self, words: tuple[str, ...], random_runs: int) -> None:
        """One kind of run at every moment, and at random times."""
        started = time.monotonic()
        expected, seconds = self.experiment().trained(*words), time.monotonic() - started
        for at, count in MOMENTS.values():
            experiment = self.experiment()
            self.kill_at(experiment, at, count, *words)
            where = f"before {at} {count}"
            self.compare(experiment, lambda one: one.trained(*words), expected, where)
        for _ in range(random_runs):
            experiment = self.experiment()
            for _ in range(3):
                self.kill_after(experiment, self.random.uniform(0.2, 0.9) * seconds, *words)
            self.compare(experiment, lambda one: one.trained(*words), expected)

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

    def ranks(self, words: tuple[str, ...]) -> None:
        """Two processes that train together, one of which is killed."""
        expected = _ranks_trained(self.experiment(), *words)
        for victim, at, count in test_ranks.MOMENTS.values():
            experiment = self.experiment()
            stop = {"at": at, "count": count, "signal_number": signal.SIGKILL}
            done = experiment.ranks(*words, victim=victim, killed=stop)
            self.kills += done[victim].returncode == -signal.SIGKILL
            self.compare(experiment, lambda one: _ranks_trained(one, *words), expected)

    def typed(self, words: tuple[str, ...], kills: int) -> None:
        """``main.py --restarts``: its training process is killed after each new checkpoint."""
        expected, experiment = self.experiment().trained(*words), self.experiment()
        supervisor = experiment.typed(*words, stderr=None)
        last, seen = experiment.run("a") / "checkpoints/last.ckpt", 0
        for _ in range(kills):
            wait_until(lambda: supervisor.poll() is not None or _time_of(last) != seen)  # noqa: B023
            time.sleep(self.random.uniform(0, 0.2))
            with suppress(psutil.NoSuchProcess):  # it was faster
                for training in psutil.Process(supervisor.pid).children():
                    training.kill()
                    training.wait(PATIENCE)
                    self.kills += 1
            seen = _time_of(last)

        def ended(one: Experiment) -> RunFolder:
            assert supervisor.wait(PATIENCE) == 0
            return one.run("a")

        self.compare(experiment, ended, expected)

    def compare(
        self,
        experiment: Experiment,
        end: Callable[[Experiment], RunFolder],
        expected: RunFolder,
        where: str = "at random",
    ) -> None:
        """Let the run end, and look for any difference; then its folder may go."""
        try:
            run = end(experiment)
            logged = {k: value for k, value in run.metrics().items() if k[1] != "restarts"}
            same = (
                run.weights() == expected.weights()
                and logged == expected.metrics()
                and run.checkpoints == expected.checkpoints
                and run.best == expected.best
            )
        except AssertionError as error:  # it ended badly, or logged a step twice with two values
            print(str(error)[-2000:], file=sys.stderr)
            same = False
        if not same:
            print(f"{self.folder.name}: killed {where}, and it differs", file=sys.stderr)
        self.differing += not same
        shutil.rmtree(experiment.path.parent)


def edited(project: Path, folder: Path, kind: str) -> Path:
    """A copy of the project with the edits of a kind."""
    copy = Project(Path(shutil.copytree(project, folder / f"{kind}-edited", symlinks=True)))
    EDITS[kind](copy)
    copy.commit()
    return copy.path


def _ranks_trained(experiment: Experiment, *words: str) -> RunFolder:
    for done in experiment.ranks(*words):
        assert done.returncode == 0, done.stdout + done.stderr
    return experiment.run("a")


def _time_of(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def main() -> int:
    """Torture every kind; 1 if anything differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--random", type=int, default=1, help="runs killed 3 times at random times")
    parser.add_argument("--seed", type=int, default=0, help="of those times")
    parser.add_argument("--only", default="", help="part of a kind's name")
    parser.add_argument("--together", type=int, default=2, help="kinds at a time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = make_template(folder / "template").generate(folder / "my-experiment").path
        for name in (*CALLBACKS, *LIGHTNINGS):
            add_callback(project, name)
        server = Server(Path(sys.executable), folder)
        tasks: dict[str, Callable[[Torture], None]] = {
            **{kind: partial(Torture.typed, words=w, kills=5) for kind, w in TYPED.items()},
            **{
                k: partial(Torture.kind, words=w, random_runs=arguments.random)
                for k, w in KINDS.items()
            },
            **{kind: partial(Torture.ranks, words=words) for kind, words in RANKS.items()},
        }
        tasks = {kind: task for kind, task in tasks.items() if arguments.only in kind}

        def torture(kind: str) -> Torture:
            draws = random.Random(f"{arguments.seed} {kind}")
            own = edited(project, folder, kind) if kind in EDITS else project
            one = Torture(server, own, folder / kind, draws)
            tasks[kind](one)
            return one

        done: list[Torture] = []
        with ThreadPoolExecutor(arguments.together) as together:
            for kind, one in zip(tasks, together.map(torture, tasks), strict=True):
                print(f"{kind:<50} {one.kills:>3} kills, {one.differing} differing", flush=True)
                done.append(one)
        server.close()
    runs, kills = sum(one.runs for one in done), sum(one.kills for one in done)
    differing = sum(one.differing for one in done)
    print(f"torture: {runs} runs, {kills} kills, {differing} differing")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
