"""Whether a checkpoint fits the model as it is now, and the sentence where it does not.

Template's file: updates replace it.
"""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ..config.diff import changes_since
from ..config.run_config import RunConfig
from ..console import say
from ..errors import UserError, first_line
from ..files import shown
from ..runs.layout import LAST, PREVIOUS
from ..runs.run import Run
from .apply_changes import other_optimizer
from .metadata import read_metadata
from .trained_code import changed_since, in_short
from .verify import what_is_wrong


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
        reason = first_line(error)[:120]
        raise UserError(f"{shown(path)} is no checkpoint of a training ({reason})") from error


def _shapes(state: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(t.shape) for name, t in state.items() if isinstance(t, torch.Tensor)}


@contextmanager
def fitting_weights(path: Path, offer: str = "--code run") -> Iterator[None]:
    """Turn torch's page about weights that do not fit into a sentence.

    Args:
        path: The checkpoint.
        offer: How the code that it was trained with is asked for.
    """
    try:
        yield
    except RuntimeError as error:
        if "Error(s) in loading state_dict" not in str(error):
            raise
        reason = first_reason(error)
        since = _changed_since(path)
        how = f"; {offer} takes the code that it was trained with" if since else ""
        raise UserError(
            f"{shown(path)} does not fit the model as it is now: {reason}{since}{how}"
        ) from error


def _changed_since(path: Path) -> str:
    names = changed_since(path)
    return f"; changed since: {in_short(names)}" if names else ""


def first_reason(error: RuntimeError) -> str:
    """The first of the reasons that torch lists for weights that do not fit, cut short."""
    reason = str(error).splitlines()[1].strip(" \t.")
    return reason if len(reason) <= 200 else f"{reason[:200]}..."


@contextmanager
def restoring(run: Run, config: RunConfig) -> Iterator[None]:
    """Turn torch's and Lightning's pages about a state that does not fit into a sentence."""
    try:
        yield
    except (RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        if run.resume is None:
            raise
        text = str(error)
        if isinstance(error, RuntimeError) and "Error(s) in loading state_dict" in text:
            raise _other_model(run, config, first_reason(error)) from error
        if "loaded state dict" in text:  # an optimizer's: other groups, or other sizes of them
            raise other_optimizer(f"{shown(run.resume)}: ") from error
        if isinstance(error, pickle.UnpicklingError):
            raise UserError(
                f"{shown(run.resume)} holds more than plain values, which are all that is loaded; "
                "save plain hyper-parameters"
            ) from error
        raise


def _other_model(run: Run, config: RunConfig, reason: str) -> UserError:
    assert run.resume is not None
    metadata = read_metadata(run.resume)
    file = shown(run.resume)
    changed = [c for c in changes_since(metadata.config, config) if c.is_of(("model",))]
    if changed:
        then = ", ".join(f"{change.key}={change.before}" for change in changed)
        now = ", ".join(f"{change.key}={change.now}" for change in changed)
        origin = "" if metadata.is_of(run) else f" is of {metadata.origin} and"
        return UserError(
            f"{file}{origin} was trained with {then}, and its weights do not fit {now} "
            f"({reason}); give the new model another --name"
        )
    origin = "" if metadata.is_of(run) else f" is of {metadata.origin} and"
    since = _changed_since(run.resume)
    return UserError(
        f"{file}{origin} does not fit the model as it is now: {reason}{since}; "
        "go on with the model that it was trained with, or give the new one another --name"
    )
