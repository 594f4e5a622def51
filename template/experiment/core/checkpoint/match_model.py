"""The final word on the checkpoint that training starts from, once there is a model to compare.

Template's file: updates replace it.
"""

from pathlib import Path
from typing import Any

import torch

from .checkpoint_files import LAST, PREVIOUS, what_is_wrong
from .console import say
from .errors import UserError
from .run import Run, shown


def choose_fitting(run: Run, module: torch.nn.Module) -> None:
    """Take the checkpoint before the last one where only that one is of this model.

    Where neither fits, Lightning says what differs: the model was changed, or it is loaded in a
    way of its own.
    """
    before = run.checkpoints / PREVIOUS
    if run.resume is None or run.resume.name != LAST or not before.exists():
        return
    model = _shapes(module.state_dict())
    misfit = _misfit(run.resume, model)
    if misfit and not what_is_wrong(before) and not _misfit(before, model):
        say(f"{shown(run.resume)} is {misfit}")
        run.resume = before


def _misfit(path: Path, model: dict[str, tuple[int, ...]]) -> str:
    try:
        state = read_checkpoint(path)["state_dict"]
    except UserError:
        return "no checkpoint of a training"
    return "" if _shapes(state) == model else "of another model"


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What a checkpoint holds; its tensors stay on the disk until they are used.

    Raises:
        UserError: It is not one of a training.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        _ = checkpoint["state_dict"], checkpoint["global_step"]
        _ = checkpoint["loops"]["fit_loop"]["epoch_progress"]
        return checkpoint
    except Exception as error:  # torch's loader raises almost anything
        reason = str(error).strip().splitlines()[0][:120] if str(error) else type(error).__name__
        raise UserError(f"{shown(path)} is no checkpoint of a training ({reason})") from error


def _shapes(state: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(t.shape) for name, t in state.items() if isinstance(t, torch.Tensor)}
