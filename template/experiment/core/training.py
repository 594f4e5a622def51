"""What happens around Lightning's loops: what is said, recorded and evaluated.

Template's file: updates replace it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Timer

from .checkpoint_files import best_score, choose_best
from .console import say
from .errors import UserError
from .prediction import write_predictions
from .run import Run, shown


def say_start(run: Run) -> None:
    """One line: a new run, or where an old one goes on."""
    if run.resume is None:
        say(f"{run.name}: new run in {shown(run.folder)}")
        return
    checkpoint = torch.load(run.resume, map_location="cpu", weights_only=True, mmap=True)
    loops = checkpoint["loops"]["fit_loop"]
    batch = loops["epoch_loop.batch_progress"]["current"]["completed"]
    epoch = loops["epoch_progress"]["current"]["completed"]
    place = f"epoch {epoch + 1}" + (f", batch {batch + 1}" if batch else "")
    step = checkpoint["global_step"]
    say(f"{run.name}: resuming at {place} (step {step}) from {shown(run.resume)}")


def record_end(trainer: pl.Trainer, run: Run) -> None:
    """Write ``summary.json``: finished, or stopped by the time limit."""
    callbacks: list[Any] = trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue]
    timers = [callback for callback in callbacks if isinstance(callback, Timer)]
    out_of_time = any((timer.time_remaining() or 0) <= 0 for timer in timers)
    status, reason = ("stopped", "max_time") if out_of_time else ("finished", None)
    metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
    best = best_score(run.checkpoints)
    run.end(
        status,
        reason,
        metrics={k: v for k, v in metrics.items() if k.startswith(("train/", "val/"))},
        epochs=trainer.current_epoch,
        steps=trainer.global_step,
        best=_best_entry(best, run),
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


def test_best(trainer: pl.Trainer, module: pl.LightningModule, data: Any, run: Run) -> None:
    """Test the best checkpoint of a finished training, if there is a test set."""
    if not data.has("test") or best_score(run.checkpoints) is None:
        return
    path = choose_best(run.checkpoints).path
    metrics = evaluate_checkpoint("test", trainer, module, data, path)
    if trainer.is_global_zero:
        run.end("finished", metrics=metrics)


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
        first = str(error).splitlines()[1].strip()
        raise UserError(f"{shown(path)} does not fit the model as it is now: {first}") from error
