"""A project whose queue moves in seconds: what stands in for ``fit`` trains nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
from assemble import assemble
from harness.processes import is_alive
from harness.small_sweep import PATIENCE, kill, wait_until

MAIN = '''"""An experiment."""

import sys

from experiment.config import Config
from experiment.core.commands import run_command
from experiment.core.config import make_parser, parse_arguments

arguments = parse_arguments(make_parser(__doc__))
if arguments.command == "fit":
    import stand_in

    sys.exit(stand_in.fit(arguments))
code = run_command(arguments, Config, None)
assert "torch" not in sys.modules
sys.exit(code)
'''
# A dispatcher that pretends to have two GPUs, and what else a test makes of it.
DISPATCHER = """
import os, signal, sys
from pathlib import Path
from experiment.core.queue import dispatcher, end_job, queue, run_job
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
queue.gpus = lambda: ["0", "1"]
{changes}
dispatcher.serve(Path("runs"), stays=False)
"""
# Types one command line after the other, in one process.
TYPED = """
import contextlib, io, json, sys
from experiment.config import Config
from experiment.core.commands import run_command
from experiment.core.config import make_parser, parse_arguments
said = []
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stderr(io.StringIO()) as shown:
        try:
            code = run_command(parse_arguments(make_parser(""), ["queue", *words]), Config, None)
        except SystemExit as error:
            code = error.code
    said.append((code, shown.getvalue()))
print(json.dumps(said))
"""


class QueuedProject:
    """Somewhere to type ``main.py queue``.

    Args:
        path: The project.
        device: What it has: ``0,1`` are two GPUs, as far as the queue can see; empty has none.
    """

    def __init__(self, path: Path, device: str = "0,1") -> None:
        self.path = path
        self.runs, self.queue = path / "runs", path / "runs/.queue"
        # In a container Python is often told to keep no bytecode: each command would take 2 s.
        kept = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.variables = {**kept, "CUDA_VISIBLE_DEVICES": device}
        self.started: list[subprocess.Popen[str]] = []

    @classmethod
    def small(cls, folder: Path) -> "QueuedProject":
        """One that is made in an empty folder, in which nothing is trained."""
        path = assemble(folder)
        (path / "main.py").write_text(MAIN)
        for name in ("stand_in.py", "trial.py"):
            (path / name).write_text(Path(__file__).with_name(name).read_text())
        (path / "sweeps").mkdir()
        return cls(path)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Type ``main.py queue WORDS`` and do not wait."""
        return self.start_command("queue", *words)

    def start_command(self, *words: str) -> "subprocess.Popen[str]":
        """Type ``main.py WORDS`` and do not wait."""
        self.started.append(
            subprocess.Popen(
                [sys.executable, "main.py", *words],
                cwd=self.path,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return self.started[-1]

    def type(self, *words: str, code: int = 0) -> str:
        """Type it and wait; what it printed."""
        process = self.start(*words)
        shown, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == code, shown
        assert "Traceback" not in shown, shown
        return shown

    def refused(self, *lines: tuple[str, ...]) -> list[tuple[int, str]]:
        """The exit code of each ``main.py queue WORDS``, and what it says to standard error."""
        words = [sys.executable, "-c", TYPED, json.dumps(lines)]
        done = subprocess.run(
            words, cwd=self.path, env=self.variables, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def add(self, name: str, *words: str, steps: int = 1, device: str = "0") -> str:
        """Queue a stand-in of so many steps."""
        named = ("fit", "--name", name, f"trainer.max_epochs={steps}", *words)
        return self.type("add", "--device", device, *named)

    def let_go(self) -> None:
        """Let the stand-ins go that wait for it."""
        (self.runs / "go").touch()

    def dispatch(self, changes: str = "") -> "subprocess.Popen[str]":
        """Start a dispatcher as a child of the test's, changed by some lines."""
        self.started.append(
            subprocess.Popen(
                [sys.executable, "-c", DISPATCHER.format(changes=changes)],
                cwd=self.path,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        return self.started[-1]

    def die_once(self, file: str, beginning: str) -> None:
        """Let whoever first comes to a line of the queue's be killed there, as by SIGKILL."""
        path, flag = self.path / f"experiment/core/queue/{file}.py", self.path / "die"
        lines = path.read_text().splitlines()
        (number,) = [i for i, line in enumerate(lines) if line.startswith(beginning)]
        indent = " " * (len(beginning) - len(beginning.lstrip()))
        dying = f"import pathlib; flag = pathlib.Path({str(flag)!r}); "
        dying += "flag.exists() and (flag.unlink(), __import__('os').kill(os.getpid(), 9))"
        lines.insert(number, indent + dying)
        path.write_text("\n".join(lines))
        flag.touch()

    def jobs(self) -> list[dict[str, Any]]:
        """The records of all jobs, by number."""
        folders = [folder for folder in self.queue.glob("*") if folder.name.isdecimal()]
        ordered = sorted(folders, key=lambda folder: int(folder.name))
        return [json.loads((folder / "job.json").read_text()) for folder in ordered]

    def job(self, run: str) -> dict[str, Any]:
        """The record of the job of a run."""
        return next(job for job in self.jobs() if job["run"] == run)

    def states(self) -> dict[str, str]:
        """The state of each run's job."""
        return {job["run"]: job["state"] for job in self.jobs()}

    def write(self, run: str, **changes: Any) -> None:
        """Change the record of a job."""
        job = {**self.job(run), **changes}
        (self.queue / job["id"] / "job.json").write_text(json.dumps(job))

    def starts(self) -> list[str]:
        """The runs in the order in which they were started, each as often as it was."""
        file = self.runs / "starts"
        return file.read_text().split() if file.exists() else []

    def starts_of(self, run: str) -> list[dict[str, Any]]:
        """What was true of each start of a run."""
        file = self.runs / run / "starts"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def dispatcher(self) -> int | None:
        """The number of the process that moves the queue."""
        file = self.queue / "dispatcher.json"
        try:
            return json.loads(file.read_text())["pid"]
        except FileNotFoundError:
            return None

    def dispatchers(self) -> list[int]:
        """All living processes that move it, or are about to."""
        found = []
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                if "experiment.core.queue.dispatcher" in words and str(self.runs) in words:
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found

    def wait_for(self, **states: str) -> None:
        """Wait until the jobs of these runs have these states."""
        wait_until(lambda: states.items() <= self.states().items())

    def processes(self) -> list[psutil.Process]:
        """All living processes of the project's queue."""
        found = []
        for process in psutil.process_iter():
            try:
                job = process.environ().get("EXPERIMENT_JOB", "")
                if job.startswith(str(self.queue)) and is_alive(process):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def kill_everything(self) -> None:
        """As a machine that loses its power."""
        if pid := self.dispatcher():
            kill(pid)
        while found := self.processes():
            for process in found:
                kill(process.pid)
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
