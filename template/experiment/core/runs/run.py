"""A run: one folder, one name, one W&B id, for the experiment's whole life.

Template's file: updates replace it. Free of torch.

``runs/<name>/`` holds ``config.yaml``, ``facts.json``, ``checkpoints/``, ``metrics.jsonl``,
``train.log``, ``code/``, ``summary.json``, W&B's files, its copy of ``data.exclude``, and where it
comes from: ``record.json``, ``environment.txt``, ``git.diff``. Nothing in it is ever overwritten by
another run.
"""

import os
import secrets
import shutil
import socket
import string
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from ..console import say
from ..errors import UserError
from ..files import CODE, PROJECT, shown, write_json
from . import code_snapshot
from .disk_errors import check_writable, outlived, unwritable
from .layout import EXCLUDED, HEARTBEAT, LAST, LOCK, TRIAL_FILE
from .provenance import write_provenance
from .summary import read_summary

# Set for the processes that Lightning starts beside the first: they join its run.
JOIN = "EXPERIMENT_RUN"
LOOK_SECONDS = 0.2  # the lock may be held for a moment by one that only looks: status.py
OWNER_SECONDS = 2.0  # until who took the lock has surely written down who it is


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
    _before: dict[Path, bytes | None] = field(default_factory=dict)
    _checkpoint_before: int | None = None

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
    def changes_file(self) -> Path:
        """Settings that were changed while the run was under way."""
        return self.folder / "changes.json"

    @property
    def metrics_file(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def log_file(self) -> Path:
        return self.folder / "train.log"

    @property
    def heartbeat_file(self) -> Path:
        """Written by the steps of training: see ``beat``."""
        return self.folder / HEARTBEAT

    @property
    def wandb_id(self) -> str:
        """The id of the run on W&B, made once."""
        return self.summary["wandb"]["id"]

    @property
    def status(self) -> str:
        return self.summary.get("status", "new")

    @property
    def has_begun(self) -> bool:
        """Whether anything was learned or measured; until then a name is bound to nothing."""
        rows = self.metrics_file.exists() and self.metrics_file.stat().st_size > 0
        return rows or any(self.checkpoints.glob("*.ckpt"))

    def forget(self) -> None:
        """Drop what was written down of a start without a step, so that the next one is as new."""
        known = (self.config_file, self.facts_file, self.changes_file, self.folder / EXCLUDED)
        for file in known:
            file.unlink(missing_ok=True)

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
            self._lock = FileLock(self.folder / LOCK)
            self._lock.acquire(timeout=LOOK_SECONDS)
        except Timeout:
            owner = _owner(self.folder)
            pid, host = owner.get("pid", "?"), owner.get("host", "?")
            raise UserError(
                f"{shown(self.folder)} is in use by process {pid} on {host}; "
                "wait for it, or give this run another --name"
            ) from None
        except OSError as error:  # of which Timeout is one
            raise unwritable(self.folder, error) from None
        self.refresh()
        files = [self.config_file, self.changes_file]
        files += [self.folder / name for name in ("summary.json", EXCLUDED)]
        self._before = {file: file.read_bytes() if file.exists() else None for file in files}
        self._checkpoint_before = self.newest_checkpoint()

    def refresh(self) -> None:
        """Know what another process of this run wrote down, up to its last sign of life."""
        self.summary, self.started = read_summary(self.folder), time.monotonic()
        if beat := self.last_beat():
            self.summary["seconds"] = max(self.summary.get("seconds", 0.0), beat[1])

    @property
    def seconds(self) -> float:
        """How long the run has lasted, over all its starts."""
        return self.summary.get("seconds", 0.0) + time.monotonic() - self.started

    def beat(self, step: int) -> None:
        """Give a sign of life: the step and the seconds, written over the last in its place.

        No other file, and no space on the disk, is needed, and a kill leaves the whole line.
        """
        descriptor = os.open(self.heartbeat_file, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, f"{step:<15} {self.seconds:<15.1f}\n".encode())
        finally:
            os.close(descriptor)

    def last_beat(self) -> tuple[int, float] | None:
        """The step and the seconds of the last sign of life; None after an orderly end."""
        try:
            step, seconds = self.heartbeat_file.read_text(encoding="utf-8").split()
            return int(step), float(seconds)
        except (OSError, ValueError):
            return None

    def withdraw(self) -> None:
        """After a refusal: leave no trace of a start in which nothing was learned."""
        if self._lock is None:
            return
        if not self._is_new and self.newest_checkpoint() == self._checkpoint_before:
            for file, content in self._before.items():
                if content is None:
                    file.unlink(missing_ok=True)
                elif file.read_bytes() != content:
                    file.write_bytes(content)
            self.summary = read_summary(self.folder)
        self._lock.release()
        is_trial = (self.folder / TRIAL_FILE).exists()  # the sweep keeps its record of it
        if self._is_new and not is_trial and not any(self.checkpoints.glob("*.ckpt")):
            shutil.rmtree(self.folder, ignore_errors=True)

    def newest_checkpoint(self) -> int | None:
        """When ``last.ckpt`` was written, to be compared with itself only; None without one."""
        try:
            return (self.checkpoints / LAST).stat().st_mtime_ns
        except OSError:
            return None

    def begin(self, name: str, config: str, project: Path = CODE) -> None:
        """Write down what starts: configuration, code, and that it is running.

        Raises:
            UserError: The folder cannot be written.
        """
        # What a scheduler starts again is the run's own copy, which is not renewed.
        is_copy = Path(__file__).resolve().is_relative_to((self.folder / "code").resolve())
        wandb = self.summary.get("wandb") or {"id": _new_id(), "url": None, "mode": None}
        if "WANDB_SWEEP_ID" in os.environ:  # W&B's agent decides, whatever it is told
            wandb = {**wandb, "id": os.environ["WANDB_RUN_ID"]}
        self.summary.update(
            name=name,
            status="running",
            reason=None,
            command=self.command,
            code=self.summary["code"] if is_copy else code_snapshot.fingerprint(project),
            process={"pid": os.getpid(), "host": socket.gethostname()},
            wandb=wandb,
        )
        place = self.folder
        try:
            self.checkpoints.mkdir(exist_ok=True)
            for place in (self.checkpoints, self.folder):
                check_writable(place)
            self.config_file.write_text(config, encoding="utf-8")
            changed = [] if is_copy else code_snapshot.renew_snapshot(project, self.folder)
            self.write_summary()
        except OSError as error:
            self.withdraw()
            raise unwritable(place, error) from None
        if changed:
            say(f"{name}: going on with changed code: {', '.join(changed)}")
        with outlived(self.folder / "record.json"):
            write_provenance(PROJECT, self.folder)

    def update(self, **changes: Any) -> None:
        """Change entries of ``summary.json``; a full disk is said, and is no reason to fail."""
        self.summary.update(changes)
        with outlived(self.folder / "summary.json"):
            self.write_summary()

    def write_summary(self) -> None:
        """Rewrite ``summary.json`` whole, or not at all."""
        if not self.joined:
            write_json(self.folder / "summary.json", self.summary)

    def end(self, status: str, reason: str | None = None, **changes: Any) -> None:
        """Record how a stage ended; ``metrics`` are added to those of earlier stages."""
        metrics = {**self.summary.get("metrics", {}), **changes.pop("metrics", {})}
        changes["seconds"], self.started = round(self.seconds, 1), time.monotonic()
        self.update(status=status, reason=reason, metrics=metrics, **changes)
        if not self.joined:
            self.heartbeat_file.unlink(missing_ok=True)


def _owner(folder: Path) -> dict[str, Any]:
    """The process that holds the lock: it writes its number down a moment after it took it."""
    until = time.monotonic() + OWNER_SECONDS
    while True:
        owner = read_summary(folder).get("process", {})
        elsewhere = bool(owner) and owner.get("host") != socket.gethostname()
        if elsewhere or psutil.pid_exists(owner.get("pid", -1)) or time.monotonic() > until:
            return owner
        time.sleep(0.05)


def _new_id() -> str:
    alphabet = string.ascii_lowercase + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(8))
