"""A run: one folder, one name, one W&B id, for the experiment's whole life.

Template's file: updates replace it. Free of torch.

``runs/<name>/`` holds ``config.yaml``, ``facts.json``, ``checkpoints/``, ``metrics.jsonl``,
``train.log``, ``code/``, ``summary.json`` and W&B's files. Nothing in it is ever overwritten by
another run.
"""

import json
import os
import re
import secrets
import shutil
import socket
import string
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from . import code
from .checkpoint_files import LAST
from .console import say
from .errors import UserError, shown

# The project that is worked on: the folder of main.py, also when a copy of the code is what runs.
PROJECT = Path(os.environ.get("EXPERIMENT_PROJECT") or Path(__file__).absolute().parents[2])
# Set for the processes that Lightning starts beside the first: they join its run.
JOIN = "EXPERIMENT_RUN"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


def write_json(path: Path, content: Any) -> None:
    """Write a whole file or, if anything fails, none."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


@dataclass
class Run:
    """Where everything of a run lies, and what is known of it.

    Attributes:
        folder: ``runs/<name>``.
        command: The command that is being carried out, such as ``fit``.
        seed: The seed of everything random.
        resume: The checkpoint that training starts from, None for a new start.
        smoke: Whether this is a check of seconds: the smallest possible run.
        step: Optimizer steps made when training last ended, well or not.
        supervised: Whether another process starts this one again when it dies.
        joined: Whether this process only helps another one, which keeps the summary.
    """

    folder: Path
    command: str = "fit"
    seed: int = 0
    resume: Path | None = None
    smoke: bool = False
    joined: bool = False
    summary: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    step: int = 0
    supervised: bool = False
    _lock: FileLock | None = None
    _is_new: bool = False

    @property
    def name(self) -> str:
        return str(self.summary.get("name") or self.folder.name)

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def facts_file(self) -> Path:
        return self.folder / "facts.json"

    @property
    def config_file(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def metrics_file(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def log_file(self) -> Path:
        return self.folder / "train.log"

    @property
    def heartbeat_file(self) -> Path:
        """Touched by the steps of a training that is watched."""
        return self.folder / ".heartbeat"

    @property
    def wandb_id(self) -> str:
        """The id of the run on W&B, made once."""
        return self.summary["wandb"]["id"]

    @property
    def status(self) -> str:
        return self.summary.get("status", "new")

    @classmethod
    def at(cls, folder: Path, command: str = "load") -> "Run":
        """An existing run, to look at: nothing is locked or written.

        Raises:
            UserError: The folder holds no run.
        """
        if not (folder / "config.yaml").is_file():
            raise UserError(f"{shown(folder)} is not a run's folder: it holds no config.yaml")
        return cls(folder, command, summary=read_summary(folder))

    def lock(self) -> None:
        """Make sure that only this process writes to the folder.

        Raises:
            UserError: Another living process does.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._is_new = not self.config_file.exists()
            self._lock = FileLock(self.folder / ".lock")
            self._lock.acquire(timeout=0)
        except Timeout:
            owner = read_summary(self.folder).get("process", {})
            pid, host = owner.get("pid", "?"), owner.get("host", "?")
            raise UserError(
                f"{shown(self.folder)} is in use by process {pid} on {host}; "
                "wait for it, or give this run another --name"
            ) from None
        except OSError as error:  # of which Timeout is one
            raise _unwritable(self.folder, error) from None
        self.summary = read_summary(self.folder)

    def withdraw(self) -> None:
        """After a refusal: leave no trace of a run in which nothing was learned."""
        if self._lock is not None:
            self._lock.release()
            if self._is_new and not any(self.checkpoints.glob("*.ckpt")):
                shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self, name: str, config: str, project: Path = PROJECT) -> None:
        """Write down what starts: configuration, code, and that it is running."""
        self.checkpoints.mkdir(exist_ok=True)
        self.config_file.write_text(config, encoding="utf-8")
        changed = code.renew_snapshot(project, self.folder)
        if changed:
            say(f"{name}: going on with changed code: {', '.join(changed)}")
        wandb = self.summary.get("wandb") or {"id": _new_id(), "url": None, "mode": None}
        if "WANDB_SWEEP_ID" in os.environ:  # W&B's agent decides, whatever it is told
            wandb = {**wandb, "id": os.environ["WANDB_RUN_ID"]}
        self.update(
            name=name,
            status="running",
            reason=None,
            command=self.command,
            code=code.fingerprint(project),
            process={"pid": os.getpid(), "host": socket.gethostname()},
            wandb=wandb,
        )

    def update(self, **changes: Any) -> None:
        """Change entries of ``summary.json``, which is rewritten whole."""
        self.summary.update(changes)
        if not self.joined:
            write_json(self.folder / "summary.json", self.summary)

    def end(self, status: str, reason: str | None = None, **changes: Any) -> None:
        """Record how a stage ended; ``metrics`` are added to those of earlier stages."""
        metrics = {**self.summary.get("metrics", {}), **changes.pop("metrics", {})}
        seconds = self.summary.get("seconds", 0.0) + time.monotonic() - self.started
        self.started = time.monotonic()
        self.update(
            status=status, reason=reason, metrics=metrics, seconds=round(seconds, 1), **changes
        )


def read_summary(folder: Path) -> dict[str, Any]:
    """A run's ``summary.json``; empty where there is none that can be read."""
    try:
        return json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def check_name(name: str) -> str:
    """Refuse a name that cannot be a folder's.

    Raises:
        UserError: It cannot.
    """
    if not NAME.fullmatch(name):
        raise UserError(f"--name {name}: use letters, digits and . _ - (and / for a group of runs)")
    return name


def find_run(name: str, output: Path) -> Path:
    """The folder that a person means by a run's name or path, or by nothing: the newest.

    Raises:
        UserError: There is none.
    """
    if not name:
        folders = sorted(all_runs(output), key=_age)
        if not folders:
            raise UserError(f"{shown(output)} holds no run yet; train one first, or name a --name")
        trained = [folder for folder in folders if (folder / "checkpoints" / LAST).exists()]
        return (trained or folders)[-1]
    for folder in (output / name, Path(name)):
        if (folder / "config.yaml").is_file():
            return folder
    raise UserError(f"there is no run {name} in {shown(output)}{_present(output)}")


def all_runs(output: Path) -> list[Path]:
    """All runs in a folder, those of groups (``sweep/trial``) included."""
    runs: list[Path] = []
    for folder, inner, files in os.walk(output):
        if "config.yaml" in files:
            runs.append(Path(folder))
            inner.clear()  # what lies in a run is its own
    return runs


def newest_unfinished(output: Path, same: Any) -> Path | None:
    """The newest run that stopped before its end and is free, for which ``same(folder)`` holds."""
    for folder in sorted(all_runs(output), key=_age, reverse=True):
        status = read_summary(folder).get("status")
        if status in {"running", "failed", "stopped"} and _is_free(folder) and same(folder):
            return folder
    return None


def new_folder(output: Path) -> Path:
    """Make the next numbered folder: ``run-001``, ``run-002``, ..."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(output, error) from None
    taken = [int(m[1]) for p in output.iterdir() if (m := re.fullmatch(r"run-(\d+)", p.name))]
    number = max(taken, default=0)
    while True:  # another process may take the number between the look and the making
        number += 1
        folder = output / f"run-{number:03d}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise _unwritable(folder, error) from None


def _is_free(folder: Path) -> bool:
    lock = FileLock(folder / ".lock")
    try:
        with lock.acquire(timeout=0):
            return True
    except (Timeout, OSError):
        return False


def _age(folder: Path) -> float:
    return (folder / "config.yaml").stat().st_mtime


def _present(output: Path) -> str:
    runs = sorted(all_runs(output), key=_age)[-5:]
    names = [folder.relative_to(output).as_posix() for folder in runs]
    return f"; there are {', '.join(names)}" if names else ""


def _unwritable(folder: Path, error: OSError) -> UserError:
    reason = (error.strerror or str(error)).lower()
    return UserError(f"{shown(folder)}: {reason}; give --output a folder that can be written")


def _new_id() -> str:
    alphabet = string.ascii_lowercase + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(8))
