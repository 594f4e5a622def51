"""``metrics.jsonl``: our own record of what was logged.

Template's file: updates replace it.
"""

import json
import os
from argparse import Namespace
from collections.abc import Mapping
from io import FileIO
from typing import Any

from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor
from typing_extensions import override

from ..config.logger import LoggerConfig
from ..runs.disk_errors import outlived
from ..runs.run import Run


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


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


def _last_byte(path: Any) -> bytes:
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
        return file.read(1)
