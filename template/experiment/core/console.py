"""What a run says: short lines on the terminal, and the same with the time in ``train.log``.

Template's file: updates replace it. Free of torch.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from . import ranks

log = logging.getLogger("experiment")

# True of every project of this kind, and no news to anybody.
QUIET_WARNINGS = (
    r".*`srun` command is available.*",
    r".*does not have many workers.*",
    r".*is smaller than the logging interval.*",
    r".*your dataloader is not resumable.*",
    r".*isinstance\(treespec, LeafSpec\).*",
    r".*Checkpoint directory .* exists and is not empty.*",
    r".*saving a checkpoint outside the 'fit' stage.*",
    r".*callbacks used to create the checkpoint need to be provided.*",
    r".*Experiment logs directory .* exists and is not empty.*",
)


def say(message: str) -> None:
    """A line for the person at the terminal, kept in ``train.log``."""
    log.info(message)


def start_console() -> None:
    """Let ``say`` write plain lines to the terminal."""
    # One voice: of several processes of a run the first speaks.
    log.setLevel(logging.INFO if ranks.rank() == 0 else logging.WARNING)
    log.propagate = False
    if not log.handlers:
        # A terminal that knows no é, or a name that is no UTF-8, shows it as \\xe9.
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        terminal = logging.StreamHandler(sys.stdout)
        terminal.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(terminal)


class LogFile(logging.FileHandler):
    """Leaves out what a full disk refuses; the terminal has it."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def start_log_file(path: Path) -> None:
    """Append everything that is said or warned of to a file."""
    file = LogFile(path, encoding="utf-8", errors="backslashreplace")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.captureWarnings(True)
    for name in ("experiment", "pytorch_lightning", "py.warnings"):
        logging.getLogger(name).addHandler(file)


def quiet_lightning() -> None:
    """Leave out Lightning's lines about devices it did not find and hints that do not apply."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in QUIET_WARNINGS:
        warnings.filterwarnings("ignore", message)


@contextmanager
def speak_into(stream: TextIO) -> Iterator[None]:
    """Let what is said go elsewhere for a while."""
    terminals = [h for h in log.handlers if type(h) is logging.StreamHandler]
    before = [terminal.setStream(stream) for terminal in terminals]
    try:
        yield
    finally:
        for terminal, former in zip(terminals, before, strict=True):
            if former is not None:
                terminal.setStream(former)
