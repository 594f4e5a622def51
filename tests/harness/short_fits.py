"""Short trainings in this process that remember every batch, and go on from a save of their own."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils._pytree import tree_leaves


def digest(batch: Any) -> str:
    """A few characters that tell a batch from others."""
    hashed = hashlib.sha256()
    for leaf in tree_leaves(batch):
        hashed.update(np.asarray(leaf).tobytes())
    return hashed.hexdigest()[:12]


class Recorder(pl.LightningModule):
    """Learns nothing, remembers every batch, and saves itself once, between two batches."""

    def __init__(self, checkpoint: Path, at: tuple[int, int]) -> None:
        super().__init__()
        self.layer, self.checkpoint, self.at = torch.nn.Linear(1, 1), checkpoint, at
        self.seen: list[tuple[int, int, str]] = []

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        if (self.current_epoch, batch_idx) == self.at and not self.checkpoint.exists():
            self.trainer.save_checkpoint(self.checkpoint)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        self.seen.append((self.current_epoch, batch_idx, digest(batch)))
        return self.layer(torch.ones(1, 1)).sum()

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.0)


def fit(
    data: Any, folder: Path, at: tuple[int, int], resumed: bool = False, **arguments: Any
) -> list[tuple[int, int, str]]:
    """Train; what each batch was: (epoch, batch, digest)."""
    recorder = Recorder(folder / f"{at}.ckpt", at)
    train_with(recorder, data, recorder.checkpoint if resumed else None, **arguments)
    return recorder.seen


def train_with(
    module: pl.LightningModule, data: Any, checkpoint: Path | None = None, **arguments: Any
) -> None:
    """Train a module for three epochs."""
    trainer = pl.Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        **arguments,
    )
    trainer.fit(module, data, ckpt_path=checkpoint)


def goes_on_equally(
    make: Callable[[], Any], folder: Path, at: tuple[int, int], **arguments: Any
) -> list[tuple[int, int, str]]:
    """All batches of a training, which are those before and after a restart, too."""
    whole = fit(make(), folder, at, **arguments)
    rest = fit(make(), folder, at, resumed=True, **arguments)
    assert rest == [seen for seen in whole if seen[:2] >= at]
    assert rest != whole
    return whole
