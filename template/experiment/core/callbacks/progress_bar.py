"""How far training is: a bar on a terminal, now and then a line everywhere else.

Template's file: updates replace it. ``trainer.progress_bar: false`` turns both off.
"""

import sys
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ProgressBar
from tqdm import tqdm
from typing_extensions import override

from ..console import say

# Drawing in every step would cost more than a small model's step.
SECONDS_BETWEEN_DRAWS = 0.1
SECONDS_BETWEEN_LINES = 10.0


def make_progress() -> pl.Callback:
    """The bar where somebody may look at it, else lines."""
    return Bar() if sys.stdout.isatty() else Lines()


class Bar(ProgressBar):
    """One bar over the whole training; another, if it takes over a second, for an evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self._training: Any = None
        self._evaluation: Any = None
        self._drawn = 0.0

    @override
    def disable(self) -> None:
        pass  # Lightning calls it on the ranks that have no terminal; they have no bar either

    @override
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.is_global_zero:
            total = _whole(trainer.estimated_stepping_batches)
            self._training = _bar("training", total, trainer.global_step, "step")

    @override
    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        if time.monotonic() - self._drawn > SECONDS_BETWEEN_DRAWS:
            self._draw(trainer)

    @override
    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._draw(trainer)

    @override
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._draw(trainer)
        self._close()

    @override
    def on_exception(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        self._close()

    @override
    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.sanity_checking:
            self._start_evaluation(trainer, "validation", sum(_numbers(trainer.num_val_batches)))

    @override
    def on_validation_batch_end(self, *args: Any, **kwargs: Any) -> None:
        self._advance_evaluation()

    @override
    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end_evaluation()

    @override
    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._start_evaluation(trainer, "test", sum(_numbers(trainer.num_test_batches)))

    @override
    def on_test_batch_end(self, *args: Any, **kwargs: Any) -> None:
        self._advance_evaluation()

    @override
    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end_evaluation()

    @override
    def on_predict_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._start_evaluation(trainer, "predict", sum(_numbers(trainer.num_predict_batches)))

    @override
    def on_predict_batch_end(self, *args: Any, **kwargs: Any) -> None:
        self._advance_evaluation()

    @override
    def on_predict_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end_evaluation()

    def _draw(self, trainer: pl.Trainer) -> None:
        self._drawn = time.monotonic()
        if self._training is not None:
            epoch = trainer.current_epoch + 1
            if (most := trainer.max_epochs or 0) > 0:
                epoch = min(epoch, most)
            text = f"epoch {epoch}  {newest_metrics(trainer, most=2)}"
            self._training.set_postfix_str(text, refresh=False)
            self._training.update(trainer.global_step - self._training.n)
            self._training.refresh()

    def _close(self) -> None:
        self._end_evaluation()
        if self._training is not None:
            self._training.close()
            self._training = None

    def _start_evaluation(self, trainer: pl.Trainer, what: str, batches: float) -> None:
        if trainer.is_global_zero:
            self._evaluation = _bar(what, _whole(batches), 0, "batch", leave=False, delay=1.0)

    def _advance_evaluation(self) -> None:
        if self._evaluation is not None:
            self._evaluation.update()

    def _end_evaluation(self) -> None:
        if self._evaluation is not None:
            self._evaluation.close()
            self._evaluation = None


class Lines(pl.Callback):
    """A line at an epoch's end, at most one in ten seconds, and the first and the last."""

    def __init__(self) -> None:
        self._said = float("-inf")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        is_last = trainer.current_epoch + 1 == trainer.max_epochs
        if is_last or time.monotonic() - self._said > SECONDS_BETWEEN_LINES:
            self._said = time.monotonic()
            of = f" of {trainer.max_epochs}" if (trainer.max_epochs or 0) > 0 else ""
            if trainer.is_global_zero:
                epoch = f"epoch {trainer.current_epoch + 1}{of}, step {trainer.global_step}"
                say(f"{epoch}  {newest_metrics(trainer)}")


def newest_metrics(trainer: pl.Trainer, most: int = 5) -> str:
    """The newest means, the shortest first words of a look at a run: ``val/loss 0.213``."""
    metrics = trainer.callback_metrics
    names = [name for name in metrics if name.startswith(("train/", "val/"))]
    return "  ".join(f"{name} {float(metrics[name]):.4g}" for name in names[:most])


def _bar(what: str, total: int | None, done: int, unit: str, **options: Any) -> Any:
    return tqdm(
        desc=what,
        total=total,
        initial=done,
        unit=unit,
        dynamic_ncols=True,
        file=sys.stdout,
        **options,
    )


def _whole(number: float) -> int | None:
    return None if number == float("inf") else int(number)


def _numbers(value: Any) -> list[float]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
