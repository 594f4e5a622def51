"""A project in which sweeps run in seconds: its trials are processes that train nothing."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from assemble import assemble

MAIN = '''"""An experiment."""

import sys

from experiment.config import Config
from experiment.core.config import make_parser, parse_arguments
from experiment.core.commands import run_command

code = run_command(parse_arguments(make_parser(__doc__)), Config, None)
assert "torch" not in sys.modules
sys.exit(code)
'''
TRIAL = Path(__file__).with_name("trial.py")
COMMAND = ["${env}", "${interpreter}", "${program}", "--set-json", "${args_json}"]
PATIENCE = 60.0  # s


class SmallProject:
    """Somewhere to type ``main.py sweep``.

    Args:
        folder: An empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.path = assemble(folder)
        (folder / "main.py").write_text(MAIN)
        (folder / "trial.py").write_text(TRIAL.read_text())
        (folder / "sweeps").mkdir()

    def write(self, parameters: dict[str, Any], **keys: Any) -> None:
        """Write sweeps/sweep.yaml."""
        content = {"program": "trial.py", "method": "grid", "metric": {"name": "val/loss"}}
        content.update(command=COMMAND, parameters=parameters, **keys)
        (self.path / "sweeps/sweep.yaml").write_text(yaml.safe_dump(content))

    def start(self, *words: str, pause: float = 0.01) -> "subprocess.Popen[str]":
        """Type ``main.py sweep WORDS`` and do not wait."""
        return subprocess.Popen(
            [sys.executable, "main.py", "sweep", *words],
            cwd=self.path,
            env={**os.environ, "STEP_SECONDS": str(pause), "CUDA_VISIBLE_DEVICES": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def sweep(self, *words: str, code: int = 0, pause: float = 0.01) -> str:
        """Type it and wait; what it printed."""
        process = self.start(*words, pause=pause)
        shown, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == code, shown
        return shown

    def folder(self, name: str = "sweep-001") -> Path:
        return self.path / "runs" / name

    def trials(self, name: str = "sweep-001") -> list[dict[str, Any]]:
        """The records of all trials."""
        files = sorted(self.folder(name).glob("trial-*/trial.json"))
        return [json.loads(file.read_text()) for file in files]

    def table(self, name: str = "sweep-001") -> list[dict[str, str]]:
        """results.csv without what varies from run to run."""
        with (self.folder(name) / "results.csv").open() as file:
            rows = list(csv.DictReader(file))
        return [{key: row[key] for key in row if key not in ("seconds", "reason")} for row in rows]

    def starts(self, name: str = "sweep-001") -> list[int]:
        """How often each trial was started."""
        files = sorted(self.folder(name).glob("trial-*/starts"))
        return [file.read_text().count("\n") for file in files]


def wait_until(holds: Callable[[], object]) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def kill(pid: int) -> None:
    """A real SIGKILL, to one that may be gone already."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
