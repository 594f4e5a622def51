"""What happens around Lightning's loops: what is said, recorded and evaluated.

Template's file: updates replace it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.utilities.exceptions import MisconfigurationException

from .checkpoint_files import best_score
from .errors import UserError
from .loggers import finish_loggers, watch_weights
from .prediction import write_predictions
from .run import Run, shown
from .series import newest_values
from .time_limit import OutOfTime


def train_and_test(
    trainer: pl.Trainer, module: pl.LightningModule, data: Any, run: Run, test: bool
) -> None:
    """Train, from a checkpoint if the run has one, test the best one, write down how it ended."""
    status, reason, metrics = "finished", None, {}
    watch_weights(trainer, module)
    try:
        with logged_metrics(trainer):
            weights_only = True if run.resume else None
            trainer.fit(module, data, ckpt_path=run.resume, weights_only=weights_only)
    except OutOfTime:
        status, reason = "stopped", "max_time"
    if trainer.is_global_zero:
        _record_training(trainer, run)
    if test and status == "finished":
        metrics = test_best(trainer, module, data, run)
    finish_loggers(trainer.loggers)
    if trainer.is_global_zero:
        run.end(status, reason, metrics=metrics)  # only now: a run killed in its test is not over


def _record_training(trainer: pl.Trainer, run: Run) -> None:
    # The log first: a start that only had the end to do has measured nothing itself.
    metrics = {**run.summary.get("metrics", {}), **newest_values(run.metrics_file)}
    metrics.update((name, float(value)) for name, value in trainer.callback_metrics.items())
    run.update(
        metrics={k: v for k, v in metrics.items() if k.startswith(("train/", "val/"))},
        epochs=trainer.current_epoch,
        steps=trainer.global_step,
        best=_best_entry(best_score(run.checkpoints), run),
    )


def _best_entry(best: tuple[Path, str, float] | None, run: Run) -> dict[str, Any] | None:
    if best is None:
        return None
    path, metric, value = best
    return {
        "checkpoint": path.relative_to(run.folder).as_posix(),
        "metric": metric,
        "value": value,
    }


def test_best(
    trainer: pl.Trainer, module: pl.LightningModule, data: Any, run: Run
) -> dict[str, float]:
    """Test the best checkpoint of a finished training, if there is one, and a test set."""
    best = trainer.strategy.broadcast(best_score(run.checkpoints))  # the first process wrote it
    if best is None or not data.has("test"):
        return {}
    return evaluate_checkpoint("test", trainer, module, data, best[0])


def evaluate_checkpoint(
    command: str, trainer: pl.Trainer, module: pl.LightningModule, data: Any, path: Path
) -> dict[str, float]:
    """The metrics of a checkpoint on the ``validate`` or ``test`` data.

    Raises:
        UserError: The weights do not fit the model, or there is no such data.
    """
    split = "val" if command == "validate" else "test"
    if not data.has(split):
        raise UserError(f"data.source: {data.config.source} has no {split} split")
    stage = trainer.validate if command == "validate" else trainer.test
    with fitting_weights(path):
        (metrics,) = stage(module, data, ckpt_path=path, verbose=False, weights_only=True)
    return {name: float(value) for name, value in metrics.items()}


def predict_checkpoint(
    trainer: pl.Trainer,
    module: pl.LightningModule,
    data: Any,
    path: Path,
    source: str | None,
    target: Path,
) -> int:
    """Predict with a checkpoint and write the table; returns the number of rows."""
    data.predict_path = Path(source) if source else None
    with fitting_weights(path):
        batches: Any = trainer.predict(module, data, ckpt_path=path, weights_only=True)
    return write_predictions(batches or [], target, data.predict_names())


@contextmanager
def fitting_weights(path: Path) -> Iterator[None]:
    """Turn torch's page about weights that do not fit into a sentence."""
    try:
        yield
    except RuntimeError as error:
        if "Error(s) in loading state_dict" not in str(error):
            raise
        reason = first_reason(error)
        raise UserError(f"{shown(path)} does not fit the model as it is now: {reason}") from error


def first_reason(error: RuntimeError) -> str:
    """The first of the reasons that torch lists for weights that do not fit, cut short."""
    reason = str(error).splitlines()[1].strip(" \t.")
    return reason if len(reason) <= 200 else f"{reason[:200]}..."


@contextmanager
def logged_metrics(trainer: pl.Trainer) -> Iterator[None]:
    """Turn Lightning's advice about a metric that nobody logs into a sentence."""
    try:
        yield
    except (MisconfigurationException, RuntimeError) as error:
        found = re.match(r"(\w+) .*conditioned on metric `?([^\s`]+)", str(error))
        if found is None:
            raise
        key = "schedule" if found[1] == "ReduceLROnPlateau" else "callbacks.early_stopping"
        names = ", ".join(sorted(trainer.callback_metrics))
        raise UserError(f"{key}.monitor: {found[2]} is not logged; logged are {names}") from error
