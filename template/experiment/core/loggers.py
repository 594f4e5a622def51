"""Where numbers go: our own ``metrics.jsonl``, and W&B online or offline.

Template's file: updates replace it. What is logged where is set under ``logger:``.
"""

import json
import os
from argparse import Namespace
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor
from typing_extensions import override

from .config import LoggerConfig
from .console import say
from .imports import start_wandb
from .run import Run

# A killed W&B loses what it has not written: by default the last 15 seconds of rows.
FLUSH_SECONDS = 1.0
# Without an answer in this time the run goes on offline; W&B's own default is 90 s, then an error.
INIT_SECONDS = 30.0


class MetricsFile(Logger):
    """One JSON object a line: ``{"step": 120, "val/loss": 0.3}``; a kill tears the last at most.

    Lightning's CSVLogger deletes its file when training starts again; this one only appends.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.path = run.metrics_file
        self._file: TextIOWrapper | None = None

    @property
    @override
    def name(self) -> str:
        return "metrics"

    @property
    @override
    def version(self) -> str:
        return ""

    @override
    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **_: Any) -> None:
        pass  # config.yaml holds them

    @override
    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        if self._file is None:
            self._file = self._open()
        row = {name: _number(value) for name, value in metrics.items()}
        self._file.write(json.dumps({"step": step, **row}) + "\n")

    def _open(self) -> TextIOWrapper:
        # A line that a kill tore is ended, so that the next row does not grow onto it.
        torn = self.path.exists() and _last_byte(self.path) not in {b"", b"\n"}
        file = open(self.path, "a", buffering=1, encoding="utf-8")  # noqa: SIM115
        if torn:
            file.write("\n")
        return file

    @override
    def finalize(self, status: str) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class Wandb(WandbLogger):
    """Lightning's W&B logger that goes on offline, with the same id, when the server is away."""

    def __init__(self, run: Run, config: LoggerConfig, *, offline: bool) -> None:
        self.run = run
        super().__init__(
            name=run.name,
            id=run.wandb_id,
            save_dir=str(run.folder),
            offline=offline,
            project=config.project,
            entity=config.entity,
            tags=list(config.tags),
            group=run.name.rpartition("/")[0] or None,
            settings=_settings(),
        )

    @property
    @override
    def experiment(self) -> Any:
        if self._experiment is None and getattr(rank_zero_only, "rank", 0) == 0:
            self._connect()
        return super().experiment

    def _connect(self) -> None:
        """Open the run once: online if that was asked for and works, else offline."""
        import wandb

        (self.run.folder / "wandb").mkdir(parents=True, exist_ok=True)
        try:
            experiment = self._open("offline" if self._offline else "online")
        except Exception as error:  # no network, a refused key, a server that answers 500
            if self._offline:
                raise
            reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
            say(f"W&B does not answer ({reason[:120]}): logging offline, with the same id")
            wandb.teardown()  # without it the second start fails: "run ID is in use"
            self._offline = True
            experiment = self._open("offline")
        self._experiment = experiment
        record = {"mode": "offline" if self._offline else "online", "url": experiment.url}
        self.run.update(wandb={**self.run.summary["wandb"], **record})

    def _open(self, mode: Any) -> Any:
        wanted = {name: v for name, v in self._wandb_init.items() if name != "anonymous"}
        experiment = start_wandb(**wanted, mode=mode)
        experiment.define_metric("trainer/global_step")
        experiment.define_metric("*", step_metric="trainer/global_step", step_sync=True)
        return experiment


def newest_values(file: Path) -> dict[str, float]:
    """The last value of each metric in a ``metrics.jsonl``, but for those of a single step."""
    values: dict[str, float] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        with suppress(ValueError):  # a line that a kill tore
            values.update(json.loads(line))
    return {name: value for name, value in values.items() if not name.endswith("_step")}


def make_loggers(run: Run, config: LoggerConfig) -> list[Logger]:
    """Our own record always; W&B unless it is off."""
    loggers: list[Logger] = [MetricsFile(run)]
    _keep_wandb_inside(run)
    mode = wandb_mode(config.wandb)
    if mode != "off":
        loggers.append(Wandb(run, config, offline=mode == "offline"))
    return loggers


def wandb_mode(wanted: str) -> str:
    """Online where there is a key, else offline; ``WANDB_MODE`` and the configuration come first.

    There is never a prompt.
    """
    forced = os.environ.get("WANDB_MODE", "")
    if wanted == "off" or forced == "disabled":
        return "off"
    if wanted == "offline" or forced in {"offline", "dryrun"}:
        return "offline"
    if has_wandb_key():
        return "online"
    if wanted == "online":
        say("W&B: no API key (run `wandb login` or set WANDB_API_KEY): logging offline")
    return "offline"


def has_wandb_key() -> bool:
    """Whether W&B finds credentials without asking for them."""
    import wandb

    try:
        return wandb.login(prompt=False, verify=False)  # the run itself asks the server, once
    except Exception as error:  # a key of the wrong length, an unreadable .netrc
        say(f"W&B: the API key cannot be used ({str(error).splitlines()[0]})")
        return False


def _keep_wandb_inside(run: Run) -> None:
    """A home that cannot be written must not matter: W&B's own files go into the run's folder."""
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_ARTIFACT_DIR"):
        os.environ.setdefault(name, str(run.folder / "wandb"))
    os.environ.setdefault("WANDB_SILENT", "true")


def _settings() -> Any:
    import wandb

    settings = wandb.Settings(init_timeout=INIT_SECONDS)

    name = "x_transaction_log_flush_interval"  # private: may be gone in a later W&B
    if name in getattr(wandb.Settings, "model_fields", {}):
        setattr(settings, name, FLUSH_SECONDS)
    return settings


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


def _last_byte(path: Any) -> bytes:
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
        return file.read(1)
