"""The parts of an experiment, for a few training steps that leave nothing behind.

Template's file: updates replace it. ``build`` in main.py makes them, for a run in a folder of its
own that is deleted afterwards; the module is thrown away with it.
"""

import copy
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch

from ..checkpoint.match_model import fitting_weights
from ..config.dump import dump_config
from ..data.seeding import seed_all
from ..inspect.network.made_at import lines_remembered
from ..runs.run import Run
from ..trainer.design_checks import in_our_words


class Parts(NamedTuple):
    """What ``build`` made, and the folder that is deleted afterwards."""

    data: Any
    module: pl.LightningModule
    trainer: pl.Trainer
    folder: Path

    def fit(self, watcher: pl.Callback, seed: int) -> None:
        """Train as long as a callback wants."""
        self.trainer.callbacks.append(watcher)  # pyright: ignore[reportAttributeAccessIssue]
        seed_all(seed)
        with in_our_words(self.trainer):
            self.trainer.fit(self.module, self.data)


@contextmanager
def built(
    config: Any,
    build: Any,
    checkpoint: Path | None,
    epochs: int,
    batches: int,
    as_configured: bool = True,
) -> Iterator[Parts]:
    """Build them for so many training batches in each of so many epochs.

    Args:
        config: The configuration; it stays as it is.
        build: That of main.py.
        checkpoint: With weights of a run; None: those that it starts with.
        epochs: At most.
        batches: Of each, at most.
        as_configured: Whether data is read as in a training: else only what a batch needs, here.
    """
    config = copy.deepcopy(config)
    _quieten(config)
    if not as_configured:
        config.data.num_workers = config.data.in_memory_mb = 0
    config.trainer.max_epochs, config.trainer.limit_train_batches = epochs, batches
    with tempfile.TemporaryDirectory(prefix="inspect-", ignore_cleanup_errors=True) as folder:
        run = Run(Path(folder), "fit", config.seed, smoke=True)
        run.lock()
        run.begin("inspect", dump_config(config))
        with lines_remembered():
            data, module, trainer = build(config, run)
        if checkpoint is not None:
            weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
            with fitting_weights(checkpoint):
                module.load_state_dict(weights)
        yield Parts(data, module, trainer, Path(folder))


def checkpoint_size(parts: Parts) -> int:
    """How many bytes all that is saved takes."""
    file = parts.folder / "size.ckpt"
    parts.trainer.save_checkpoint(file)
    return file.stat().st_size


def _quieten(config: Any) -> None:
    """Nothing but training steps: one process, and nothing logged, validated or kept."""
    trainer, callbacks, checkpoint = config.trainer, config.callbacks, config.checkpoint
    trainer.max_steps = trainer.max_time = None
    trainer.accumulate_grad_batches, trainer.compile = 1, False
    trainer.limit_val_batches = 0
    trainer.val_check_interval, trainer.check_val_every_n_epoch = 1.0, 1
    trainer.devices, trainer.num_nodes, trainer.strategy = 1, 1, "auto"
    trainer.progress_bar, trainer.profile, trainer.test_after_fit = False, False, False
    callbacks.ema = callbacks.swa = callbacks.early_stopping = callbacks.sample_predictions = None
    callbacks.throughput = callbacks.device_stats = callbacks.timer = None
    callbacks.extra = {}
    checkpoint.save_top_k, checkpoint.every_minutes, checkpoint.every_n_steps = 0, None, None
    config.logger.wandb = "off"
