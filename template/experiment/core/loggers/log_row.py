"""A row of numbers for every logger.

Template's file: updates replace it.
"""

import pytorch_lightning as pl


def log_row(trainer: pl.Trainer, row: dict[str, float], step: int) -> None:
    """Write a row at an optimizer step, counted from 0."""
    for logger in trainer.loggers:
        logger.log_metrics(row, step=step)
