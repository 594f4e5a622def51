"""Whether the model can learn a single batch by heart; for tests/test_contract.py.

Template's file: updates replace it. If it cannot, more data will not mend it. Or it is meant, as of
a GAN, or of a loss that has a floor: ``expected = {"not_learned": ["val/loss"]}``, as
core/module/expected.py says.
"""

import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils._pytree import tree_flatten

from ..config.direction import direction_of
from ..config.dump import dump_config
from ..inspect.step_outputs import loss_of
from ..module.expected import Expected, read_expected
from ..runs.run import Run
from ..trainer.design_checks import has_split, has_step
from .smoke_batches import Once, first_batch, once_each
from .smoke_errors import Skipped

EPOCHS, EPOCHS_BY_HAND, STEPS = 30, 60, 10  # steps of an epoch; by hand with the module's own rates
LEARNED = 0.9  # of the loss is gone
SURE = 5  # last epochs in which it must be gone to contradict what is stated
RATE = 2e-3
LOSS = "loss"  # what training_step returns
ABSENT = float("nan")


def ask_by_heart(config: Any, build: Any, folder: Path) -> Expected:
    """Train on one batch alone, and ask if its loss does not fall.

    With AdamW, whatever the module's optimizer is, since that may take its time; in manual
    optimization with the module's own. Dropout is off: only the fit matters.

    Args:
        config: The configuration; what would disturb is switched off in it.
        build: That of main.py.
        folder: For the run.

    Raises:
        Skipped: There is no loss to judge by.
    """
    data, module, trainer = build(_alone(config), _new_run(folder, config))
    expected = read_expected(module)
    batch = first_batch(data)
    validates = has_step(module, "val") and has_split(data, "val")
    validates = validates and _alike(once_each(data, "val"), batch)
    data.train_dataloader = lambda: Once(batch, STEPS)
    data.val_dataloader = lambda: Once(batch) if validates else []
    if module.automatic_optimization:
        module.configure_optimizers = lambda: _plain_optimizer(module)
    else:
        trainer.fit_loop.max_epochs = EPOCHS_BY_HAND
    without_dropout(module)
    curves = Curves(config.checkpoint, expected)
    trainer.callbacks.append(curves)
    trainer.num_sanity_val_steps = 1  # what validation says before training
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found .* in eval mode")  # the dropout
        trainer.fit(module, data)
    curves.ask()
    return expected


class Curves(pl.Callback):
    """What each metric was before training and after each epoch, and whether the loss fell.

    Args:
        checkpoint: Section ``checkpoint``, whose monitor counts where nothing is called loss.
        expected: What is stated of it. If nothing is, training ends as soon as it has fallen.
    """

    def __init__(self, checkpoint: Any, expected: Expected) -> None:
        self.checkpoint, self.expected = checkpoint, expected
        self.values: dict[str, list[float]] = {}
        self.loss = ABSENT

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            logged = trainer.callback_metrics.items()
            self.values = {name: [float(value)] for name, value in logged}

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *args: Any, **_: Any
    ) -> None:
        loss = loss_of(outputs)
        if isinstance(loss, Tensor):
            self.loss = float(loss.mean())
            self.values.setdefault(LOSS, [self.loss])

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        now = {name: float(value) for name, value in trainer.callback_metrics.items()}
        for name, value in (now | ({LOSS: self.loss} if LOSS in self.values else {})).items():
            self.values.setdefault(name, []).append(value)
        judged = self._judged()
        if judged and self._fallen(judged) and not self.expected.states("not_learned", judged):
            trainer.should_stop = True

    def ask(self) -> None:
        """Compare the curve with what is stated.

        Raises:
            Skipped: There is none.
        """
        judged = self._judged()
        if judged is None:
            raise Skipped("training_step returns no loss, and no val/loss is logged")
        curve = self._curve(judged)
        so = [] if self._fallen(judged) else [judged]
        # A loss below zero has no floor, and says nothing by a fall: a GAN's goes anywhere.
        surely = all(value >= 0 and _is_gone(curve[0], value) for value in curve[-SURE:])
        not_so = [judged] if surely else []
        because = f" went from {curve[0]:.3g} to {curve[-1]:.3g}"
        self.expected.compare("not_learned", so, not_so, self.values, because)

    def _judged(self) -> str | None:
        """The name of the loss, in the log if it is there."""
        if "val/loss" in self.values:
            return "val/loss"
        if LOSS in self.values:
            return "train/loss" if "train/loss" in self.values else LOSS
        monitor = self.checkpoint.monitor
        falls = (self.checkpoint.mode or direction_of(monitor)) == "min"
        return monitor if falls and monitor in self.values else None

    def _curve(self, name: str) -> list[float]:
        returned = name == "train/loss" and LOSS in self.values
        return self.values[LOSS if returned else name]

    def _fallen(self, name: str) -> bool:
        first, *later = self._curve(name)
        return any(_is_gone(first, value) for value in later)


def without_dropout(module: nn.Module) -> None:
    """Everything else trains: some networks give a loss only then."""
    module.train()
    for part in module.modules():
        drops = any(
            isinstance(getattr(part, name, None), float) for name in ("dropout", "dropout_p")
        )
        if drops or "drop" in type(part).__name__.lower():
            part.training = False


def _is_gone(first: float, value: float) -> bool:
    return first - value >= LEARNED * abs(first)


def _alone(config: Any) -> Any:
    """Nothing but the model and the batch."""
    trainer, callbacks, checkpoint = config.trainer, config.callbacks, config.checkpoint
    trainer.max_epochs, trainer.max_steps, trainer.max_time = EPOCHS, None, None
    trainer.accumulate_grad_batches, trainer.precision, trainer.compile = 1, "32-true", False
    trainer.gradient_clip_norm = trainer.gradient_clip_value = None
    trainer.limit_train_batches = trainer.limit_val_batches = None
    trainer.val_check_interval, trainer.check_val_every_n_epoch = 1.0, 1
    trainer.accelerator, trainer.devices, trainer.num_nodes = "cpu", 1, 1
    trainer.strategy, trainer.progress_bar, trainer.profile = "auto", False, False
    callbacks.ema = callbacks.swa = callbacks.early_stopping = callbacks.sample_predictions = None
    checkpoint.save_top_k, checkpoint.every_minutes, checkpoint.every_n_steps = 0, None, None
    config.optimizer.freeze = []
    return config


def _new_run(folder: Path, config: Any) -> Run:
    run = Run(folder, "fit", config.seed, smoke=True)
    run.lock()
    run.begin("by-heart", dump_config(config))
    return run


def _plain_optimizer(module: nn.Module) -> Any:
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=RATE, weight_decay=0.0)
    level = LambdaLR(optimizer, lambda step: 1.0)  # a step may ask for the rate
    return {"optimizer": optimizer, "lr_scheduler": level}


def _alike(loader: Any, batch: Any) -> bool:
    """Whether validation takes such batches as training."""
    return isinstance(loader, Once) and _form(loader.batch) == _form(batch)


def _form(batch: Any) -> Any:
    leaves, structure = tree_flatten(batch)
    return structure, [
        (type(leaf), getattr(leaf, "ndim", None), getattr(leaf, "dtype", None)) for leaf in leaves
    ]
