"""An experiment to run, to interrupt and to look at, in a generated project."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import torch
from harness.copy_project import copy_project
from harness.fork_server import PATIENCE, Process, Server
from projects import DEFAULT_TASK, small_words

SMALL = small_words(DEFAULT_TASK)
ON_ONE_CPU = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}  # files are tested side by side


@dataclass
class RunFolder:
    """What a run left behind."""

    path: Path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads((self / "summary.json").read_text())

    @property
    def checkpoints(self) -> list[str]:
        """All names in the folder of the checkpoints, hidden ones included."""
        return sorted(path.name for path in (self / "checkpoints").iterdir())

    @property
    def best(self) -> dict[str, float]:
        """The scores of the kept checkpoints by file name."""
        return json.loads((self / "checkpoints/best.json").read_text())["scores"]

    def checkpoint(self, name: str = "last.ckpt") -> dict[str, Any]:
        """The content of a checkpoint, by torch's safe default."""
        return torch.load(self / "checkpoints" / name, weights_only=True)

    def weights(self, name: str = "last.ckpt") -> str:
        """A hash of every bit of a checkpoint's state_dict."""
        return digest(self.checkpoint(name)["state_dict"])

    def rows(self) -> list[dict[str, Any]]:
        """Every row of metrics.jsonl, as it was logged."""
        return [json.loads(line) for line in (self / "metrics.jsonl").read_text().splitlines()]

    def logged(self) -> int:
        """The number of rows in metrics.jsonl so far, while somebody may be writing the next."""
        path = self / "metrics.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def metrics(self, within: float = 0.0) -> dict[tuple[int, str], float]:
        """The logged values by (step, name); a value that was logged twice must be the same.

        What a rollback gave up does not count. ``within``: how far apart the same may be, where
        two kinds of processor computed it.
        """
        rows: list[dict[str, Any]] = []
        for row in self.rows():
            if "rollback" in row:
                rows = [earlier for earlier in rows if earlier["step"] < row["step"]]
            else:
                rows.append(row)
        values: dict[tuple[int, str], float] = {}
        for row in rows:
            step = row.pop("step")
            for name, value in row.items():
                first = values.setdefault((step, name), value)
                assert first == pytest.approx(value, rel=0, abs=within), (step, name)
        return values

    def series(self, name: str, within: float = 0.0) -> list[float]:
        """The values of one metric in the order of the steps."""
        return [value for (_, n), value in sorted(self.metrics(within).items()) if n == name]

    def wandb_ids(self) -> set[str]:
        """The ids in the names of W&B's folders."""
        return {path.name.rpartition("-")[2] for path in (self / "wandb").glob("*run-*-*")}


def digest(state: dict[str, torch.Tensor]) -> str:
    """A hash of every bit of every tensor."""
    sha = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        sha.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        sha.update(tensor.contiguous().numpy().tobytes())
    return sha.hexdigest()


@dataclass
class Experiment:
    """A generated project whose commands run in forks of the server."""

    path: Path
    server: Server
    variables: dict[str, str] = field(default_factory=dict)
    small: tuple[str, ...] = SMALL
    hidden: tuple[str, ...] = ()  # packages that its processes do not find
    _started: int = 0

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @property
    def home(self) -> Path:
        """The home folder of its processes."""
        return self.path.parent / "home"

    @property
    def temporary(self) -> Path:
        """Their folder for temporary files."""
        return self.path.parent / "temporary"

    def git(self, *words: str) -> str:
        """What git answers in the project."""
        done = subprocess.run(["git", *words], cwd=self.path, capture_output=True, text=True)
        return done.stdout.strip()

    def status(self) -> str:
        """What git says has changed; empty when nothing has."""
        return self.git("status", "--porcelain")

    def start(self, *argv: str, **request: Any) -> Process:
        """Start ``python main.py ARGV`` and do not wait."""
        self._started += 1
        outputs = self.path.parent / f"{self.path.name}-output"
        outputs.mkdir(exist_ok=True)
        for folder in (self.home, self.temporary):
            folder.mkdir(exist_ok=True)
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            **ON_ONE_CPU,
            **self.variables,
            **request.pop("env", {}),
        }
        return self.server.start(
            cwd=str(self.path),
            argv=argv,
            env=variables,
            stdout=str(outputs / f"{self._started}.out"),
            stderr=str(outputs / f"{self._started}.err"),
            **{"executable": str(self.server.warm), "hidden": self.hidden, **request},
        )

    def main(self, *argv: str, **request: Any) -> CompletedProcess[str]:
        """``python main.py ARGV``, to its end."""
        return self.start(*argv, **request).wait()

    def fit(self, *argv: str, **request: Any) -> CompletedProcess[str]:
        """Train small, without W&B and without the test at the end, three epochs."""
        return self.main(*fit_words(*argv, small=self.small), **request)

    def trained(self, *argv: str, **request: Any) -> RunFolder:
        """Train as ``fit`` does, which must go well, the run called ``a``."""
        done = self.fit("--name", "a", *argv, **request)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.run("a")

    def killed(self, at: str, count: int, *argv: str, **request: Any) -> RunFolder:
        """Train as ``trained`` does until a real SIGKILL before the ``count``-th ``at``."""
        stop = {"at": at, "count": count, "signal_number": signal.SIGKILL}
        done = self.fit("--name", "a", *argv, interrupt=stop, **request)
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
        return self.run("a")

    def typed(self, *argv: str, **options: Any) -> subprocess.Popen[bytes]:
        """``python main.py fit --name a ... --restarts 3`` as a user types it: cold, supervised."""
        restarts = ("--restarts", "3", "restart.backoff_seconds=0.1")
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process: Any = subprocess.Popen(
            [str(self.server.python), "main.py", *fit_words("--name", "a", *argv), *restarts],
            cwd=self.path,
            env={**os.environ, **ON_ONE_CPU},
            stdin=options.pop("stdin", subprocess.DEVNULL),
            **{**quiet, **options},
        )
        return process

    def ranks(
        self, *argv: str, victim: int = 0, killed: Any = None, asked: Any = None
    ) -> list[CompletedProcess[str]]:
        """Train the run ``a`` in two processes, which meet as those that Lightning starts.

        Args:
            argv: What is typed.
            victim: Which of the two is interrupted.
            killed: By this interrupt; the other one is killed then, as by a supervisor.
            asked: Or by this one, which both survive for a while.
        """
        run = self.run("a")
        last = run / "checkpoints/last.ckpt"
        resume = str(last) if last.exists() else ""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
        joining = {"EXPERIMENT_RUN": str(run.path), "EXPERIMENT_RESUME": resume}
        words = fit_words("--name", "a", "--devices", "2", "data.batch_size=16", *argv)
        processes: list[Process] = []
        for rank, variables in enumerate([{}, joining]):  # the first one opens the run
            env = {**meeting, "LOCAL_RANK": str(rank), **variables}
            interrupt = (killed or asked) if rank == victim else None
            processes.append(self.start(*words, env=env, interrupt=interrupt))
            wait_until(lambda: (run / "summary.json").exists())
        if killed:
            first = processes[victim].wait()
            with suppress(ProcessLookupError):
                processes[1 - victim].send(signal.SIGKILL)
            other = processes[1 - victim].wait()
            return [first, other] if victim == 0 else [other, first]
        return [process.wait() for process in processes]

    def run(self, name: str) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.path / "runs" / name)

    def copy(self, folder: Path) -> "Experiment":
        """The same project in another folder, its runs included."""
        copy_project(self.path, folder)
        return Experiment(folder, self.server, dict(self.variables), self.small, self.hidden)


def fit_words(*argv: str, small: tuple[str, ...] = SMALL) -> tuple[str, ...]:
    """The words of a small ``fit``; what comes last wins."""
    quiet = ("logger.wandb=off", "trainer.test_after_fit=false", "trainer.accelerator=cpu")
    quiet += ("restart.max=0",)  # no supervisor, which would start a cold process: test_restart.py
    return ("fit", *small, *quiet, "trainer.max_epochs=3", *argv)


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """See to it that a process is over in the end, whatever a test finds."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def replace(path: Path, old: str, new: str) -> None:
    """Change a text that is in a file."""
    text = path.read_text()
    assert old in text, f"{path} has no {old!r}"
    path.write_text(text.replace(old, new))


def wait_until(holds: Callable[[], object]) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
