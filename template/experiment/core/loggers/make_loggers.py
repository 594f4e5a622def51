"""Where numbers go: our own ``metrics.jsonl``, W&B online or offline, TensorBoard.

Template's file: updates replace it. What is logged where is set under ``logger:``.
"""

import json
import os
from argparse import Namespace
from collections.abc import Mapping
from importlib.util import find_spec
from io import FileIO
from typing import Any

import numpy as np
import pytorch_lightning as pl
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor
from typing_extensions import override

from .config import LoggerConfig
from .console import say
from .disk import outlived
from .errors import UserError
from .run import Run
from .statement import read_statement
from .wandb_logger import Wandb


class MetricsFile(Logger):
    """One JSON object a line: ``{"step": 120, "val/loss": 0.3}``; a kill tears the last at most.

    Lightning's CSVLogger deletes its file when training starts again; this one only appends.
    """

    def __init__(self, run: Run, config: LoggerConfig) -> None:
        super().__init__()
        self.run, self.config = run, config
        self.path = run.metrics_file
        self._file: FileIO | None = None
        self._unwritten = b""

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
        row = {name: _number(value) for name, value in metrics.items()}
        self._unwritten += (json.dumps({"step": step, **row}) + "\n").encode()
        with outlived(self.path):
            self._write()

    def _write(self) -> None:
        """Write what is not written; what a full disk refuses waits for the next row."""
        if self._file is None:
            # A line that a kill tore is ended, so that the next row does not grow onto it.
            torn = self.path.exists() and _last_byte(self.path) not in {b"", b"\n"}
            self._unwritten = b"\n" * torn + self._unwritten
            self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115
        while self._unwritten:
            self._unwritten = self._unwritten[self._file.write(self._unwritten) :]

    @override
    def finalize(self, status: str) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class TensorBoard(TensorBoardLogger):
    """Lightning's logger for TensorBoard, in one folder over all starts of a run.

    A start that goes on from a checkpoint tells TensorBoard to forget what came after it: the same
    steps are logged again, and no curve goes back.
    """

    def __init__(self, run: Run) -> None:
        forget: dict[str, Any] = (
            {"purge_step": read_statement(run.resume).step} if run.resume else {}
        )
        super().__init__(run.folder, name="tensorboard", version="", flush_secs=10, **forget)

    @rank_zero_only
    def log_picture(self, name: str, picture: Image.Image, step: int) -> None:
        """Show a picture beside the curves."""
        self.experiment.add_image(name, np.asarray(picture), step, dataformats="HWC")

    @override
    def log_hyperparams(self, *args: Any, **_: Any) -> None:
        pass  # config.yaml holds them

    @override
    def save(self) -> None:
        pass  # the same


def watch_weights(trainer: pl.Trainer, module: pl.LightningModule) -> None:
    """Let W&B draw what ``logger.watch`` names, as often as the loss is logged."""
    for logger in trainer.loggers:
        if isinstance(logger, Wandb) and logger.config.watch:
            every = getattr(trainer, "log_every_n_steps", 0) or 50
            batches = every * trainer.accumulate_grad_batches
            # Not the whole module: W&B looks at them in ``forward``, which Lightning leaves out.
            networks = [part for part in module.children() if any(True for _ in part.parameters())]
            logger.watch(networks, log_freq=batches)


def finish_loggers(loggers: list[Logger], exit_code: int = 0) -> None:
    """At a run's end: what is logged arrives, or it is said how it will. A second call is none."""
    for logger in loggers:
        if isinstance(logger, Wandb):
            logger.finish(exit_code)


def make_loggers(run: Run, config: LoggerConfig) -> list[Logger]:
    """Our own record always, and first; W&B unless it is off; TensorBoard if it is on."""
    loggers: list[Logger] = [MetricsFile(run, config)]
    _keep_wandb_inside(run)
    mode = wandb_mode(config.wandb)
    if mode != "off":
        loggers.append(Wandb(run, config, offline=mode == "offline"))
    if config.tensorboard:
        if not find_spec("tensorboard"):
            raise UserError("logger.tensorboard: needs TensorBoard; uv sync --extra viewer")
        loggers.append(TensorBoard(run))
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


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


def _last_byte(path: Any) -> bytes:
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
        return file.read(1)
