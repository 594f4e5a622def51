"""Pictures and tables of a run: files in its folder, and the same on W&B and TensorBoard.

Template's file: updates replace it. ``logger.images`` and ``logger.tables`` switch them off. From a
callback or a module::

    log_images(trainer, "val/samples", data.preview(16))
    log_table(trainer, "val/mistakes", ["label", "predicted"], rows)
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from ..data.samples import Sample
from ..inspect.drawing import draw_grid
from ..runs.disk_errors import outlived
from .metrics_file import MetricsFile
from .prediction_writer import written
from .tensorboard import TensorBoard
from .wandb import Wandb


def log_images(
    trainer: pl.Trainer, name: str, samples: Sequence[Sample], columns: int | None = None
) -> Path | None:
    """Draw samples as one picture: ``images/<name>/step-000120.png``.

    Args:
        trainer: Whose loggers and step are meant.
        name: Such as ``val/samples``.
        samples: In any form that ``core/inspect/drawing.py`` knows how to draw.
        columns: Samples in a row; None: about as many as rows.

    Returns:
        The file; None where pictures are off, and in all processes but the first.
    """
    record = _record(trainer)
    if record is None or not record.config.images or not samples:
        return None
    picture = draw_grid(samples, columns)
    file = _file(record.run.folder / "images" / name, trainer.global_step, ".png")
    with outlived(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.save(file, "PNG")
    for logger in trainer.loggers:
        if isinstance(logger, Wandb | TensorBoard):
            logger.log_picture(name, picture, _last(trainer))
    return file


def log_table(
    trainer: pl.Trainer, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Path | None:
    """Write rows as ``tables/<name>/step-000120.csv``, and as a table of W&B.

    Args:
        trainer: Whose loggers and step are meant.
        name: Such as ``val/mistakes``.
        columns: Their names.
        rows: One entry a column.

    Returns:
        The file; None where tables are off, and in all processes but the first.
    """
    record = _record(trainer)
    if record is None or not record.config.tables:
        return None
    columns, rows = written(list(columns)), written([list(row) for row in rows])
    file = _file(record.run.folder / "tables" / name, trainer.global_step, ".csv")
    with outlived(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([columns, *rows])
    for logger in trainer.loggers:
        if isinstance(logger, Wandb):
            logger.log_rows(name, columns, rows, _last(trainer))
    return file


def _record(trainer: pl.Trainer) -> MetricsFile | None:
    if not trainer.is_global_zero or trainer.sanity_checking:
        return None
    return next((logger for logger in trainer.loggers if isinstance(logger, MetricsFile)), None)


def _last(trainer: pl.Trainer) -> int:
    """The step that metrics of this moment are logged with: steps are counted from 0."""
    return max(0, trainer.global_step - 1)


def _file(folder: Path, step: int, suffix: str) -> Path:
    return folder / f"step-{step:06d}{suffix}"
