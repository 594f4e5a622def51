"""A generated project, and the server of its page: started, killed, and asked beside the page."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil
import yaml
from projects import Template

PATIENCE = 300.0  # s; the machine may be busy
SAID = "the page of "  # so begins the line that says that it is served
Found = TypeVar("Found")
STRANGE = "<script>alert('log')</script> <b>bold</b> & " + "long" * 60

# Trainings that take their time, so that there is something to watch, and that say strange things.
PAUSE = f'''

class Pause(pl.Callback):
    """Waits after each step, and prints what a page must not take for HTML."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        print({STRANGE!r}, flush=True)

    def on_train_batch_end(self, *_) -> None:
        time.sleep(self.seconds)
'''
PRESET = "watched"  # configs/watched.yaml
SETTINGS: dict[str, dict[str, Any]] = {
    "data": {"limit": 400, "batch_size": 32},
    "trainer": {"max_steps": 300, "max_epochs": None, "log_every_n_steps": 5},
    "callbacks": {"extra": {"experiment.callbacks.Pause": {"seconds": 0.25}}},
    "model": {"width": 8},
}


class ServedProject:
    """A project whose page can be served.

    Args:
        template: Where it is generated from.
        folder: It becomes one.
        task: Its type.
    """

    def __init__(self, template: Template, folder: Path, task: str) -> None:
        self.path, self.task = template.generate(folder, task=task, ui="yes").path, task
        self.runs = self.path / "runs"
        self.port = _free_port()
        # Containers often tell Python to keep no bytecode: each start would take seconds longer.
        kept = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.variables = {**kept, "WANDB_MODE": "offline", "CUDA_VISIBLE_DEVICES": ""}
        self.process: subprocess.Popen[str] | None = None
        with (self.path / "experiment/callbacks.py").open("a", encoding="utf-8") as file:
            file.write(PAUSE)
        self.write_preset(PRESET, SETTINGS)

    def write_preset(self, name: str, settings: dict[str, dict[str, Any]]) -> None:
        """Write a file of ``configs/``: the experiment's own, with some settings changed."""
        content = yaml.safe_load((self.path / "configs/experiment.yaml").read_text("utf-8"))
        for section, changed in settings.items():
            content[section] = {**content.get(section, {}), **changed}
        (self.path / f"configs/{name}.yaml").write_text(yaml.safe_dump(content), "utf-8")

    def start(self) -> str:
        """Start the server; the address that lets one browser in."""
        words = [sys.executable, "main.py", "ui", "--port", str(self.port)]
        with (self.path / ".ui-errors.log").open("a") as errors:
            self.process = subprocess.Popen(
                words,
                cwd=self.path,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith(SAID):
                return self.address()  # which no pipe is told
        raise AssertionError((self.path / ".ui-errors.log").read_text())

    def address(self) -> str:
        """An address for a further browser."""
        return self.type("ui", "--address").split()[-1]

    def kill(self) -> None:
        """A real SIGKILL to the server."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def type(self, *words: str) -> str:
        """Type ``main.py WORDS``, which must succeed; what it printed."""
        done = subprocess.run(
            [sys.executable, "main.py", *words],
            cwd=self.path,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout or done.stderr

    def jobs(self) -> list[dict[str, Any]]:
        """The records of the queue, the oldest first."""
        files = sorted(self.runs.glob(".queue/*/job.json"), key=lambda file: int(file.parent.name))
        return [json.loads(file.read_text("utf-8")) for file in files]

    def job(self, run: str) -> dict[str, Any]:
        """That of a run."""
        return next(job for job in self.jobs() if job["run"] == run)

    def step(self, run: str) -> int:
        """The last step that a run gave a sign of life at; 0 before."""
        try:
            return int((self.runs / run / ".heartbeat").read_text().split()[0])
        except (OSError, IndexError):
            return 0

    def summary(self, run: str) -> dict[str, Any]:
        """What other programs read of a run; empty before there is one."""
        try:
            return json.loads((self.runs / run / "summary.json").read_text("utf-8"))
        except OSError:
            return {}

    def logged(self, run: str) -> list[int]:
        """The steps of the rows of its metrics, as they were written."""
        lines = (self.runs / run / "metrics.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line)["step"] for line in lines]

    def end(self) -> None:
        """End the server, the dispatcher and all trainings of this project, and nothing else."""
        for process in self._processes():
            process.kill()
        psutil.wait_procs(self._processes(), timeout=20)

    def _processes(self) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                if process.cwd().startswith(str(self.path)) or str(self.runs) in process.cmdline():
                    found.append(process)
            except psutil.Error:
                continue
        return found


@contextmanager
def served(template: Template, folder: Path, task: str) -> Iterator[ServedProject]:
    """A project of a task, whose processes are gone afterwards."""
    project = ServedProject(template, folder, task)
    try:
        yield project
    finally:
        project.end()


def wait_for(found: Callable[[], Found], what: str, seconds: float = PATIENCE) -> Found:
    """Wait until something is true, and give it back."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.2)
    return result


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]
