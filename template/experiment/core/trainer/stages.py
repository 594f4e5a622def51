"""What happens around Lightning's loops: what is said, recorded and evaluated.

Template's file: updates replace it.
"""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from ..checkpoint.files import best_score
from ..checkpoint.match_model import fitting_weights
from ..console import say
from ..data.read_report import predicted_notes
from ..errors import OutOfTime, TestFailed, UserError, first_line, in_a_line
from ..loggers.make_loggers import finish_loggers, watch_weights
from ..loggers.prediction_pictures import KeepPictures
from ..loggers.prediction_writer import write_predictions
from ..runs.metrics_reader import is_result, newest_values
from ..runs.run import Run
from .design_checks import check_step, check_training, has_split, has_step, in_our_words

SPLITS = {"train", "val", "test", "unlabelled"}


def train_and_test(
    trainer: pl.Trainer, module: pl.LightningModule, data: Any, run: Run, test: bool
) -> None:
    """Train, from a checkpoint if the run has one, test the best one, write down how it ended.

    Raises:
        TestFailed: Training is over, and testing failed.
    """
    status, reason = "finished", None
    check_training(trainer, module, data)
    watch_weights(trainer, module)
    try:
        with in_our_words(trainer):
            weights_only = True if run.resume else None
            trainer.fit(module, data, ckpt_path=run.resume, weights_only=weights_only)
    except OutOfTime:
        status, reason = "stopped", "max_time"
    if trainer.is_global_zero:
        _record_training(trainer, run)
    metrics, failure = {}, None
    if test and status == "finished":
        try:
            metrics = test_best(trainer, module, data, run)
        except Exception as error:
            failure = error
    finish_loggers(trainer.loggers)
    if trainer.is_global_zero:  # only now: a run killed in its test is not over
        run.end(status, reason, metrics=metrics, test_error=_reason(failure))
    if failure is not None:
        raise TestFailed(
            f"{run.name} is trained, but testing failed: {_reason(failure)}; test again with: "
            f"python main.py test --name {run.name}"
        ) from failure


def _reason(error: Exception | None) -> str | None:
    if error is None:
        return None
    return first_line(error) if isinstance(error, UserError) else in_a_line(error)


def _record_training(trainer: pl.Trainer, run: Run) -> None:
    # The log first: a start that only had the end to do has measured nothing itself.
    metrics = {**run.summary.get("metrics", {}), **newest_values(run.metrics_file)}
    metrics.update((name, float(value)) for name, value in trainer.callback_metrics.items())
    run.update(
        metrics={name: value for name, value in metrics.items() if is_result(name)},
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
    missing = (
        ("no checkpoint was ranked by a metric", best is None),
        ("module.py has no test_step", not has_step(module, "test")),
        ("the data has no test split with labels", not has_split(data, "test")),
    )
    for reason, is_so in missing:
        if is_so:
            say(f"nothing is tested: {reason}")
            return {}
    assert best is not None
    return evaluate_checkpoint("test", trainer, module, data, best[0])


def evaluate_checkpoint(
    command: str, trainer: pl.Trainer, module: pl.LightningModule, data: Any, path: Path
) -> dict[str, float]:
    """The metrics of a checkpoint on the ``validate`` or ``test`` data.

    Raises:
        UserError: The weights do not fit the model, or there is no such data.
    """
    split = "val" if command == "validate" else "test"
    check_step(module, command, split)
    if not has_split(data, split):
        raise UserError(f"data.source: {data.config.source} has no {split} split with labels")
    stage = trainer.validate if command == "validate" else trainer.test
    with fitting_weights(path):
        of_loaders = stage(module, data, ckpt_path=path, verbose=False, weights_only=True)
    return {name: float(value) for found in of_loaders for name, value in found.items()}


def predict_checkpoint(
    trainer: pl.Trainer,
    module: pl.LightningModule,
    data: Any,
    path: Path,
    source: str | None,
    target: Path,
) -> int:
    """Predict with a checkpoint and write the table; returns the number of rows.

    Args:
        trainer: One for predicting.
        module: Gets the weights.
        data: What is predicted comes from it.
        path: The checkpoint.
        source: A file or folder, or the name of a split; None: the test split.
        target: The table's file.
    """
    check_step(module, "predict", "predict")
    if source is not None:
        _choose_input(data, source)
    trainer.callbacks.append(KeepPictures(target))  # pyright: ignore[reportAttributeAccessIssue]
    with fitting_weights(path):
        batches: Any = trainer.predict(module, data, ckpt_path=path, weights_only=True)
    for line in predicted_notes(trainer) if source is not None else ():
        say(f"      {line}")
    names = data.predict_names() if hasattr(data, "predict_names") else []
    return write_predictions(batches or [], target, names)


def _choose_input(data: Any, source: str) -> None:
    """A file or a folder, or else a split by its name, with labels or without.

    Raises:
        UserError: There is neither.
    """
    if not hasattr(data, "holds"):
        raise UserError(
            f"--input {source}: data.py has a plain LightningDataModule, whose "
            "predict_dataloader() says what is predicted; leave --input out"
        )
    if Path(source).exists():
        data.predict_path = Path(source)
        if source in SPLITS:
            say(f"--input {source}: the file or folder of that name, not the split")
        return
    if not data.holds(source):
        splits = ", ".join(split for split in data.datasets if data.holds(split))
        raise UserError(
            f"--input {source}: there is no such file or folder, and no such split of the data; "
            f"it has {splits}"
        )
    data.predict_split = source
