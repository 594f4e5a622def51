"""Pictures, sounds and tables of a run: files in its folder, and the same on W&B and TensorBoard.

Template's file: updates replace it. ``logger.images``, ``logger.audio`` and ``logger.tables``
switch them off. From a callback or a module::

    log_images(trainer, "val/samples", data.preview(16))
    log_images(trainer, "val/confusion", figure)
    log_audio(trainer, "val/spoken", sounds, rate=16000)
    log_table(trainer, "val/mistakes", ["label", "predicted"], rows)
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from torch import Tensor

from ..inspect.drawing import draw_grid
from ..runs.disk_errors import outlived
from .metrics_file import MetricsFile
from .prediction_writer import written
from .sounds import several_sounds, to_wave, write_wave
from .tensorboard import TensorBoard
from .wandb import Wandb


def log_images(
    trainer: pl.Trainer, name: str, samples: Any, columns: int | None = None
) -> Path | None:
    """Draw samples as one picture: ``images/<name>/step-000120.png``.

    A figure of matplotlib's stays open: close it, ``plt.close(figure)``, or memory fills up.

    Args:
        trainer: Whose loggers and step are meant.
        name: Such as ``val/samples``.
        samples: One or several, in any form that ``core/inspect/drawing.py`` knows how to draw:
            what ``preview`` gives, figures of matplotlib's, pictures of PIL's, arrays, tensors.
        columns: Samples in a row; None: about as many as rows.

    Returns:
        The file; None where pictures are off, and in all processes but the first.
    """
    record = _record(trainer)
    if record is None or not record.config.images:
        return None
    if not (pictures := _several(samples)):
        return None
    picture = draw_grid(pictures, columns)
    file = _file(record.run.folder / "images" / name, trainer.global_step, ".png")
    with outlived(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.save(file, "PNG")
    for logger in trainer.loggers:
        if isinstance(logger, Wandb | TensorBoard):
            logger.log_picture(name, picture, _last(trainer))
    return file


def log_audio(
    trainer: pl.Trainer, name: str, sounds: Any, rate: int, captions: Sequence[str] = ()
) -> list[Path]:
    """Write sounds as ``audio/<name>/step-000120-01.wav``, ``-02.wav``, ...

    Args:
        trainer: Whose loggers and step are meant.
        name: Such as ``val/spoken``.
        sounds: One, ``(samples,)``, or several of those or of ``(channels, samples)``: tensors or
            arrays of floats from -1 to 1, or of 16-bit integers.
        rate: Samples a second.
        captions: A word about each, on W&B.

    Returns:
        The files; none where sounds are off, and in all processes but the first.
    """
    record = _record(trainer)
    if record is None or not record.config.audio:
        return []
    waves = [to_wave(sound, name) for sound in several_sounds(sounds)]
    first = _file(record.run.folder / "audio" / name, trainer.global_step, "")
    files = [first.with_name(f"{first.name}-{i:02d}.wav") for i in range(1, len(waves) + 1)]
    for file, wave in zip(files, waves, strict=True):
        with outlived(file):
            write_wave(file, wave, rate)
    for logger in trainer.loggers if files else ():
        if isinstance(logger, TensorBoard):
            logger.log_sounds(name, waves, rate, _last(trainer))
        elif isinstance(logger, Wandb):
            logger.log_sounds(name, files, captions, _last(trainer))
    return files


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


def _several(samples: Any) -> list[Any]:
    """A single one, or an array of them, as a list."""
    if isinstance(samples, Tensor | np.ndarray):
        return list(samples) if samples.ndim == 4 else [samples]
    return list(samples) if isinstance(samples, Sequence) else [samples]


def _record(trainer: pl.Trainer) -> MetricsFile | None:
    if not trainer.is_global_zero or trainer.sanity_checking:
        return None
    return next((logger for logger in trainer.loggers if isinstance(logger, MetricsFile)), None)


def _last(trainer: pl.Trainer) -> int:
    """The step that metrics of this moment are logged with: steps are counted from 0."""
    return max(0, trainer.global_step - 1)


def _file(folder: Path, step: int, suffix: str) -> Path:
    return folder / f"step-{step:06d}{suffix}"
