"""Writes a checkpoint whole or not at all, and keeps the one before.

Template's file: updates replace it. What is kept is set under ``checkpoint:`` in the configuration.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO
from torch import nn
from typing_extensions import override

from ..files import link_or_copy
from ..runs.layout import LAST, PREVIOUS
from .disk_space import require_room


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes beside the target, flushes to the disk, then renames; keeps the one before the last.

    Lightning's own copies over the target when the temporary folder is on another file system: a
    kill at that moment, or a full disk, leaves no checkpoint at all.
    """

    @override
    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        require_room(path.parent)
        unfinished = path.with_name(f".{path.name}.tmp")  # a killed save is overwritten by the next
        try:
            with open(unfinished, "wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
            if path.name == LAST and path.exists():
                link_or_copy(path, path.with_name(PREVIOUS))
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make a rename outlive a power cut; Windows can not open a folder, and needs not."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def least_bytes(module: nn.Module, optimizers: Iterable[Any]) -> int:
    """What a checkpoint surely takes: the weights, and what Adam or momentum keep for each."""
    total = sum(tensor.nbytes for tensor in (*module.parameters(), *module.buffers()))
    for optimizer in optimizers:
        states = 2 if "betas" in optimizer.defaults else bool(optimizer.defaults.get("momentum"))
        trained = (weight for group in optimizer.param_groups for weight in group["params"])
        total += states * sum(weight.nbytes for weight in trained)
    return total
